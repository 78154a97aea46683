import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Success } from "../doctor/answer.ts";
import { judge } from "../doctor/judge.ts";
import { runChild } from "../doctor/run-child.ts";
import { compile, findCompiler } from "./build-compile.ts";
import { BuildError, unwritable } from "./build-error.ts";
import { findNodeHeaders } from "./build-headers.ts";
import { findSource, type Source } from "./build-source.ts";
import { unpackWheel } from "./build-unpack.ts";
import { addonPath, survey } from "./inspect.ts";
import { bindings, findInstallations, type Installation } from "./installation.ts";
import { anotherTensorFlow } from "./remedies.ts";

export interface BuildOptions {
  /** A folder of TensorFlow, or a wheel of it. */
  readonly from: string;
  /** Default: the first that is installed. */
  readonly package?: Installation["name"];
  /** Where a wheel is unpacked; default: a folder of the user's cache. */
  readonly to?: string;
  /** The folder with node_api.h; default: Node's own, or that of node-api-headers. */
  readonly headers?: string;
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Builds the addon of the tfjs-node package that the current folder's programs would load. What is in place afterwards
 * has computed a product and a gradient; without that, what was there before stays.
 *
 * @throws BuildError
 */
export async function buildTensorFlow({
  from,
  package: name,
  to,
  headers,
  log = () => {},
  signal,
}: BuildOptions): Promise<void> {
  demandPlatform();
  const installation = demandInstallation(name);
  const isWheel = await stat(from).then(
    (found) => found.isFile(),
    () => false,
  );
  const folder = isWheel ? await unpackWheel(from, to, log, signal) : from;
  const source = await findSource(folder, installation);
  const place = addonPath(installation);

  if (await isBuilt(installation, source)) {
    const checked = await verify(installation, place, signal);
    if (!(checked instanceof BuildError)) {
      log(`${installation.name} ${installation.version} is up to date: ${inWords(checked)}`);
      return;
    }
  }
  const nodeHeaders = findNodeHeaders(headers);
  const compiler = findCompiler();
  log(`building ${installation.name} ${installation.version} against ${source.folder}`);
  try {
    await mkdir(dirname(place), { recursive: true });
    const work = await mkdtemp(join(dirname(place), ".polytask-building-"));
    try {
      const addon = await compile(compiler, installation, source, nodeHeaders, work, signal);
      const checked = await verify(installation, addon, signal);
      if (checked instanceof BuildError) throw checked;
      await rename(addon, place);
      log(`${place} works: ${inWords(checked)}`);
    } finally {
      await rm(work, { recursive: true, force: true, maxRetries: 3 });
    }
  } catch (error) {
    throw unwritable(error, dirname(place), "Run it as the user who installed the package.");
  }
}

const inWords = ({ device, gflops }: Success): string =>
  `${device}, ${gflops.toPrecision(3)} GFLOP/s, gradients right`;

function demandPlatform(): void {
  const { platform, arch } = process;
  if (platform === "linux" && (arch === "x64" || arch === "arm64")) return;
  throw new BuildError(
    "platform-unsupported",
    "Linux on x64 or arm64",
    `${platform} on ${arch}`,
    "Where the package's own download works, use that (npm rebuild @tensorflow/tfjs-node); else the webgpu or wasm backend.",
  );
}

function demandInstallation(wanted?: Installation["name"]): Installation {
  const installed = findInstallations(process.cwd());
  const found = installed.find(({ name }) => wanted === undefined || name === wanted);
  if (found) return found;
  throw new BuildError(
    "package-missing",
    wanted ?? bindings.join(" or "),
    `${installed.map(({ name }) => name).join(", ") || "none"} in ${process.cwd()} and above`,
    `Install it without its download: npm install --ignore-scripts ${wanted ?? bindings[0]}.`,
  );
}

/** Whether an addon is in place that is linked to this TensorFlow and to no other. */
async function isBuilt(installation: Installation, { folder }: Source): Promise<boolean> {
  const { fault, addon, libraries } = await survey(installation);
  return (
    !fault &&
    addon?.bindsNow === true &&
    addon.runpath.includes(folder) &&
    libraries.every(({ path }) => dirname(path) === folder)
  );
}

/** Looks at an addon's files, and if these are in order, computes with it in a process of its own. */
async function verify(
  installation: Installation,
  addon: string,
  signal?: AbortSignal,
): Promise<Success | BuildError> {
  const failed = (found: string, remedy: string): BuildError =>
    new BuildError("build-failed", "an addon that works", found, remedy);
  const { fault: seen, libraries } = await survey(installation, addon);
  if (seen) return failed(seen.found, seen.remedy);
  const { name, folder } = installation;
  const program = new URL("verify-child.js", import.meta.url);
  const outcome = await runChild(program, [folder, addon], signal && { signal });
  const fault = await judge(outcome, { installation, libraries });
  if (fault)
    return failed(fault.found, fault.code === "killed" ? fault.remedy : anotherTensorFlow(name));
  if (!outcome.answer || "error" in outcome.answer) throw new Error("no fault means an answer");
  return outcome.answer;
}

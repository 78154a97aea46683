// What each backend needs beside `npm ci`. Every function returns why it could not be had, or nothing.
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root, run, tell } from "../run.mjs";

const cache = join(root, ".cache", "backends");
const probe = join(root, "packages/backend/dist/doctor/child.js");
const cli = join(root, "packages/backend/dist/cli.js");

/** The optional peers that hold a backend; nothing of them is saved, and none of their scripts run. */
const peers = [
  "@tensorflow/tfjs-node-gpu@4.22.0",
  "node-api-headers",
  "@tensorflow/tfjs-backend-webgpu@4.22.0",
  "webgpu@0.6.2",
];

let installed;
async function installPeers() {
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  installed ??= tell("npm", ["install", ...options, ...peers]);
  const { good, output } = await installed;
  if (!good) return `npm could not install ${peers.join(", ")}: ${lastLine(output)}`;
}

/** A TensorFlow is the folder or wheel that POLYTASK_TENSORFLOW names, or pip's. */
let tensorflow;
export function prepareTensorflow() {
  tensorflow ??= buildAddon();
  return tensorflow;
}

/** The folder with the libraries of what was prepared. */
export const tensorflowFolder = () => {
  const from = process.env.POLYTASK_TENSORFLOW;
  return statSync(from).isDirectory() ? from : unpacked;
};

const unpacked = join(cache, "tensorflow");

async function buildAddon() {
  const missing = await installPeers();
  if (missing) return missing;
  let from = process.env.POLYTASK_TENSORFLOW;
  if (!from) {
    mkdirSync(cache, { recursive: true });
    const wheel = () => readdirSync(cache).find((name) => /^tensorflow_cpu-.*\.whl$/.test(name));
    if (!wheel()) {
      const pip = ["-m", "pip", "download", "--no-deps", "--dest", cache, "tensorflow-cpu==2.21.0"];
      const { good, output } = await tell("python3", pip);
      if (!good) return `POLYTASK_TENSORFLOW is not set, and pip has none: ${lastLine(output)}`;
    }
    from = join(cache, wheel());
  }
  process.env.POLYTASK_TENSORFLOW = from;
  const { good, output } = await tell(process.execPath, [
    cli,
    "build-tensorflow",
    ...["--from", from, "--to", unpacked, "--package", "@tensorflow/tfjs-node-gpu"],
  ]);
  if (!good) throw new Error(`the addon does not build:\n${output}`);
}

/** An adapter of the machine's own, or Debian's software adapter. */
export async function prepareWebgpu() {
  const missing = await installPeers();
  if (missing) return missing;
  if (await adapterIsThere()) return;
  const found = softwareAdapter() ?? (await installAdapter());
  if (!existsSync(found)) return found;
  process.env.VK_ICD_FILENAMES = found;
  process.env.XDG_RUNTIME_DIR ??= cache;
  mkdirSync(process.env.XDG_RUNTIME_DIR, { recursive: true });
  if (!(await adapterIsThere())) return `the software adapter ${found} is not usable`;
}

const adapterIsThere = async () =>
  (await tell(process.execPath, [probe, "webgpu"])).output.includes('"device"');

const softwareAdapter = () =>
  ["/usr/lib/chromium/vk_swiftshader_icd.json"].find((file) => existsSync(file));

/** Its path, or why there is none. */
async function installAdapter() {
  await tell("apt-get", ["update"]);
  const { good, output } = await tell("apt-get", ["install", "-y", "chromium", "libvulkan1"]);
  if (!good) return `no adapter, and no chromium with its software adapter: ${lastLine(output)}`;
  return softwareAdapter() ?? "chromium has no software adapter";
}

const lastLine = (output) => output.trim().split("\n").at(-1);

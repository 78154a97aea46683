import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Implementation, isCuda, VARIABLE } from "./implementations.ts";

/** What an implementation finds to compute on, or why it cannot. */
export interface DeviceFinding {
  readonly name?: string;
  readonly obstacle?: string;
}

/** Those that need more than processors, or a library that is not installed with the rest; the others are not in it. */
export type Devices = ReadonlyMap<Implementation, DeviceFinding>;

/** A processor in place of a GPU is taken for tests alone: a step may last minutes. */
export const SOFTWARE = "POLYTASK_SOFTWARE_ADAPTER";

const CHILD = fileURLToPath(new URL("device-child.js", import.meta.url));

/** Tries each in a process of its own, one after another: a driver may crash, and two should not share a GPU's start. */
export async function findDevices(names: readonly Implementation[]): Promise<Devices> {
  const found = new Map<Implementation, DeviceFinding>();
  const tried = new Map<string, Promise<DeviceFinding>>();
  const attempt = (what: string, look: () => Promise<DeviceFinding>): Promise<DeviceFinding> => {
    const before = tried.get(what) ?? look();
    tried.set(what, before);
    return before;
  };
  const startUp = (name: Implementation): Promise<DeviceFinding> =>
    attempt(name, () => ask(process.execPath, [CHILD, name]));

  for (const name of names) {
    if (isCuda(name)) found.set(name, await attempt("cuda", findCuda));
    if (/^(tfjs|polytask)-tensorflow/.test(name)) found.set(name, await startUp(name));
    if (name === "tfjs-webgpu") found.set(name, judge(await startUp(name)));
    if (name === "polytask-webgpu") {
      found.set(name, judge(adapterOf(await startUp(name), await startUp("tfjs-webgpu"))));
    }
  }
  return found;
}

/** ONNX Runtime does not say what its adapter is; tfjs's, from the same driver, does. */
const adapterOf = (compiled: DeviceFinding, eager: DeviceFinding): DeviceFinding =>
  compiled.obstacle === undefined && eager.name !== undefined ? eager : compiled;

/** Turns a software adapter down, unless it is wanted. */
export function judge(
  finding: DeviceFinding,
  wanted: boolean = process.env[SOFTWARE] === "1",
): DeviceFinding {
  if (wanted || !/swiftshader|llvmpipe|lavapipe/i.test(finding.name ?? "")) return finding;
  return { obstacle: `found only ${finding.name}; ${SOFTWARE}=1 takes it` };
}

const CUDA = `
import json, torch
ok = torch.cuda.is_available()
print(json.dumps({"name": torch.cuda.get_device_name(0)} if ok else {"obstacle": "its torch sees no GPU"}))`;

const findCuda = (): Promise<DeviceFinding> => ask(process.env[VARIABLE] ?? "", ["-c", CUDA]);

/** What a program says in its last line; packages may print more before it. */
async function ask(program: string, args: readonly string[]): Promise<DeviceFinding> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: PATIENCE_MS });
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as DeviceFinding;
  } catch (error) {
    const said = error as Error & { readonly stderr?: string };
    const [last] = (said.stderr ?? said.message).trimEnd().split("\n").slice(-1);
    return { obstacle: `what looks for its device failed: ${last}` };
  }
}

const PATIENCE_MS = 120_000;

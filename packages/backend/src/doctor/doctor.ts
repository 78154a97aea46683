import { backendNames, type BackendName } from "../backends/backend.ts";
import { survey } from "../tensorflow/inspect.ts";
import { findInstallations } from "../tensorflow/installation.ts";
import type { Located } from "../tensorflow/locate.ts";
import { warnings, whyNoGpu } from "./gpu.ts";
import { judge, type DoctorFault, type Tried } from "./judge.ts";
import { packagesOf, tfjsCopies } from "./packages.ts";
import { runChild } from "./run-child.ts";

/** All that the doctor found; `polytask-backend doctor --json` prints it. */
export interface Report {
  readonly node: string;
  readonly platform: string;
  /** The copies of tfjs; a backend that registers with one is not seen by another. */
  readonly tfjs: readonly Located[];
  readonly backends: readonly Finding[];
  /** Whether every installed backend works, and every required one. */
  readonly ok: boolean;
}

/** What was found of one backend. */
export interface Finding {
  readonly name: BackendName;
  readonly state: "works" | "no device" | "not installed" | "broken";
  readonly required: boolean;
  readonly packages: readonly Located[];
  /** What it computes on, in words. */
  readonly device?: string;
  readonly gflops?: number;
  readonly install?: string;
  readonly fault?: DoctorFault;
  /** Why there is no device, or what is not right without being a fault. */
  readonly notes: readonly string[];
}

/** Backends that compute on a GPU. */
const onGpu: readonly BackendName[] = ["tensorflow-gpu", "webgpu"];

/** `gpu`: whether one of the backends on a GPU must work, too. */
export async function examine(
  required: readonly BackendName[],
  { gpu = false }: { readonly gpu?: boolean } = {},
): Promise<Report> {
  const backends: Finding[] = [];
  // one after the other: they are timed
  for (const name of backendNames) backends.push(await find(name, required.includes(name)));
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    tfjs: tfjsCopies(),
    backends,
    ok:
      backends.some(({ name, state }) => state === "works" && (!gpu || onGpu.includes(name))) &&
      backends.every(
        ({ state, required }) => state === "works" || (state !== "broken" && !required),
      ),
  };
}

async function find(name: BackendName, required: boolean): Promise<Finding> {
  const { present, install } = packagesOf(name);
  const notes: string[] = [];
  const finding = { name, required, packages: present, notes };
  if (install !== undefined) return { ...finding, state: "not installed", install };
  const { fault: seen, tried } = name.startsWith("tensorflow") ? await files(notes) : {};
  // a library that is cut ends the process that loads it
  if (seen) return { ...finding, state: "broken", fault: seen };

  const outcome = await runChild(new URL("child.js", import.meta.url), [name]);
  const { answer } = outcome;
  if (answer && "error" in answer && answer.code === "POLYTASK_BACKEND_DEVICE") {
    const why = name === "tensorflow-gpu" ? whyNoGpu : warnings;
    notes.push(answer.error, ...why(outcome.stderr));
    return { ...finding, state: "no device" };
  }
  const fault = await judge(outcome, tried);
  if (fault) return { ...finding, state: "broken", fault };
  if (!answer || "error" in answer) throw new Error("a process without a fault has an answer");
  return { ...finding, state: "works", device: answer.device, gflops: answer.gflops };
}

/** Which binding of TensorFlow `useBackend` takes: the first whose files are in order. */
async function files(notes: string[]): Promise<{ fault?: DoctorFault; tried?: Tried }> {
  if (process.platform !== "linux")
    notes.push(
      `the files of TensorFlow were not looked at: that is for Linux, and this is ${process.platform}`,
    );
  const faults: DoctorFault[] = [];
  for (const installation of findInstallations()) {
    const { fault, addon, libraries } = await survey(installation);
    if (fault) {
      faults.push(fault);
      continue;
    }
    notes.push(
      ...faults.map(({ code, found, remedy }) => `passed over: ${code}: ${found}. ${remedy}`),
    );
    if (addon && !addon.bindsNow)
      notes.push(
        "the addon was linked without -z now: should a later TensorFlow lack a function, the call ends the process instead of the load throwing",
      );
    return { tried: { installation, libraries } };
  }
  return { fault: faults[0] };
}

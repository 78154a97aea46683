import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Case, hasPeers } from "./cases.ts";
import { type Child, startChild } from "./child.ts";

export const implementations = [
  "polytask-onnx",
  "torch-libmtl",
  "torch-batched",
  "jax-jit",
  "tfjs-wasm",
  "polytask-tensorflow",
  "polytask-tensorflow-xla",
  "polytask-webgpu",
  "tfjs-webgpu",
  "tfjs-tensorflow",
  "torch-libmtl-cuda",
  "torch-batched-cuda",
  "tfjs-cpu",
] as const;

export type Implementation = (typeof implementations)[number];

const PEERS = fileURLToPath(new URL("../peers/peers.py", import.meta.url));
const CUDA_PEERS = fileURLToPath(new URL("../peers/cuda_peers.py", import.meta.url));
const WORKER = fileURLToPath(new URL("worker.js", import.meta.url));
export const VARIABLE = "POLYTASK_BENCH_PYTHON";

/** SHA-256 of the peers' script, which is never edited here. */
export const peersChecksum = async (): Promise<string> =>
  createHash("sha256")
    .update(await readFile(PEERS))
    .digest("hex");

/** What the peers' Python has, by module; a module that is missing is not in it. */
export type PeerVersions = Readonly<Record<string, string>>;

const QUESTION = `
import importlib.metadata as m, json, platform
found = {"python": platform.python_version()}
for name in ("numpy", "torch", "jax"):
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: pass
print(json.dumps(found))`;

/** Asks the Python that POLYTASK_BENCH_PYTHON names; a text says why there is none. */
export async function findPeers(): Promise<PeerVersions | string> {
  const python = process.env[VARIABLE];
  if (!python) return `${VARIABLE} names no Python`;
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", QUESTION]);
    return JSON.parse(stdout) as PeerVersions;
  } catch (error) {
    return `the Python that ${VARIABLE} names does not run: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** Why an implementation cannot run here; undefined if it can. */
export function obstacle(
  implementation: Implementation,
  peers: PeerVersions | string,
): string | undefined {
  if (!isPeer(implementation)) return undefined;
  if (typeof peers === "string") return peers;
  const missing = ["numpy", implementation.split("-")[0]].find((name) => !(name in peers));
  return missing && `the Python that ${VARIABLE} names has no ${missing}`;
}

export const isPeer = (implementation: Implementation): boolean =>
  /^(torch|jax)-/.test(implementation);

export const isCuda = (implementation: Implementation): boolean => implementation.endsWith("-cuda");

/** Starts an implementation on a case, with the state at the given prefix. */
export async function start(
  implementation: Implementation,
  c: Case,
  { threads, prefix }: { readonly threads: number; readonly prefix: string },
): Promise<Child> {
  const state = hasPeers(c) ? [prefix] : [];
  if (!isPeer(implementation)) {
    const args = [WORKER, implementation, JSON.stringify(c), String(threads), ...state];
    return startChild(process.execPath, args);
  }
  const script = isCuda(implementation) ? [CUDA_PEERS, "--device", "cuda"] : [PEERS];
  const style = implementation.replace(/-cuda$/, "");
  const args = [...script, style, c.model, prefix, "--threads", String(threads)];
  return startChild(process.env[VARIABLE] ?? "", args);
}

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus } from "node:os";
import { type PeerVersions, peersChecksum } from "./implementations.ts";

/** Where and with what a benchmark ran. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of peers/peers.py. */
  readonly peersSha256: string;
}

export async function describeMachine(
  threads: number,
  peers: PeerVersions | string,
): Promise<Machine> {
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    threads,
    versions: {
      node: process.versions.node,
      ...(await installed("@tensorflow/tfjs")),
      ...(await installed("onnxruntime-node")),
      ...(await installed("webgpu")),
      ...(typeof peers === "string" ? {} : peers),
    },
    peersSha256: await peersChecksum(),
  };
}

async function installed(name: string): Promise<Record<string, string>> {
  try {
    const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version } = JSON.parse(await readFile(file, "utf8")) as { version: string };
    return { [name]: version };
  } catch {
    return {};
  }
}

/** "2 cores, Some Processor; node 24.0.0, …" */
export const machineText = ({ cores, processor, threads, versions }: Machine): string =>
  `${cores} cores, ${processor}; ${threads} threads each; ` +
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");

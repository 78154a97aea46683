import type { Network } from "@polytask/core";
import { type Memory, OUT, type Values } from "./memory.ts";
import type { Program } from "./runtime.ts";

/** Runs a further group's step into memory of its own, and adds what it finds to what was gathered. */
export async function addStaged(
  memory: Memory,
  program: Program,
  columns: ReadonlyMap<string, Values>,
): Promise<void> {
  for (const values of memory.staging.values()) values.fill(0);
  program.redirect(new Map([...memory.spaces, ...memory.staging]));
  try {
    await program.run(columns);
  } finally {
    program.redirect(memory.spaces);
  }
  for (const [name, values] of memory.staging) {
    memory.kernels.axpy(1, values as Float32Array, memory.spaces.get(name) as Float32Array);
  }
}

/** What is summed over processes: the same memories, in the same order, in every process. */
const SUMMED = [OUT.losses, OUT.jacobian, OUT.lastShared, OUT.gradients, OUT.rest] as const;

/** Sums what was gathered over all processes. */
export async function reduceGathered<Name extends string>(
  network: Network<Name>,
  memory: Memory,
): Promise<void> {
  const { reducer } = network;
  if (reducer.size === 1) return;
  const parts = SUMMED.map((name) => memory.spaces.get(name) as Float32Array);
  const flat = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    flat.set(part, at);
    at += part.length;
  }
  const summed = await reducer.sum(flat);
  at = 0;
  for (const part of parts) {
    part.set(summed.subarray(at, at + part.length));
    at += part.length;
  }
}

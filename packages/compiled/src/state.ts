import type { EngineState } from "@polytask/core";
import type { Layout } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Variable } from "@tensorflow/tfjs";
import type { Memory } from "./memory.ts";
import type { Counts } from "./update.ts";

/** Reads the network's variables into memory. */
export async function readVariables(layout: Layout, memory: Memory): Promise<void> {
  const read = async (variable: Variable, into: Float32Array, at: number): Promise<void> => {
    into.set(await variable.data(), at);
  };
  for (const { variable, at } of layout.parameters) await read(variable, memory.parameters, at);
  for (const { variable, at } of layout.buffers) await read(variable, memory.buffers, at);
}

/** Writes memory into the network's variables. */
export function writeVariables(layout: Layout, memory: Memory): void {
  tf.tidy(() => {
    const write = (variable: Variable, from: Float32Array, at: number): void => {
      // A copy: tensors of some backends keep the array they are made from.
      const values = from.slice(at, at + variable.size);
      variable.assign(tf.tensor(values, variable.shape, variable.dtype));
    };
    for (const { variable, at } of layout.parameters) write(variable, memory.parameters, at);
    for (const { variable, at } of layout.buffers) write(variable, memory.buffers, at);
  });
}

/** Slots and counts, under the names that every engine gives them. */
export function saveSlots(
  layout: Layout,
  memory: Memory,
  names: readonly string[],
  counts: Counts,
): EngineState {
  const tensors: Record<string, EngineState["tensors"][string]> = {};
  for (const { of, variable, at, size } of layout.parameters) {
    if (!counts.has(of.info.name)) continue;
    names.forEach((slot, i) => {
      const values = memory.slots[i].slice(at, at + size);
      tensors[`${of.info.name}/${slot}`] = { shape: variable.shape, values };
    });
  }
  return { tensors, counts: Object.fromEntries(counts) };
}

export function loadSlots(
  layout: Layout,
  memory: Memory,
  names: readonly string[],
  counts: Counts,
  state: EngineState,
): void {
  counts.clear();
  for (const [name, count] of Object.entries(state.counts)) counts.set(name, count);
  for (const slot of memory.slots) slot.fill(0);
  for (const { of, at } of layout.parameters) {
    if (!counts.has(of.info.name)) continue;
    names.forEach((slot, i) => {
      memory.slots[i].set(state.tensors[`${of.info.name}/${slot}`].values, at);
    });
  }
}

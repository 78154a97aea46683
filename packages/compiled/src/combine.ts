import type { Network } from "@polytask/core";
import { nonFiniteGradient } from "@polytask/core/engine";
import type { JacobianBlock, Layout, Placed } from "@polytask/graph";
import type { OwnedParameter } from "@polytask/core";
import { type Memory, rowsOf } from "./memory.ts";
import { type Mixing, rowWeights, type Standing } from "./operate.ts";
import type { Tables } from "./tables.ts";
import { gradientPieces } from "./update.ts";

/** A parameter that has a task present, and so moves. */
export interface Moving<Name extends string = string> extends Placed<OwnedParameter<Name>> {
  /** Its place among the layout's parameters. */
  readonly index: number;
  /** Rows that have a gradient, of a table that was gathered as rows. */
  readonly touched: Int32Array | undefined;
}

/** Finds the parameters that move in a step, in the order of their places; `present` are indices of tasks. */
export function movingFinder<Name extends string>(
  { tasks }: Network<Name>,
  layout: Layout<Name>,
): (present: readonly number[], tables: Pick<Tables, "touched">) => readonly Moving<Name>[] {
  const all = layout.parameters
    .map((place, index): Moving<Name> => ({ ...place, index, touched: undefined }))
    .sort((a, b) => a.at - b.at);
  // Of the last step: mostly all tasks are there, and in every step.
  let found = all;
  let foundFor = "";
  return (present, tables) => {
    const key = present.join();
    if (key !== foundFor) {
      const names = new Set(present.map((k) => tasks[k]));
      found = all.filter(({ of }) => of.tasks.some((task) => names.has(task)));
      foundFor = key;
    }
    return found.map((parameter) => {
      const touched = tables.touched(parameter.index);
      return touched ? { ...parameter, touched } : parameter;
    });
  };
}

/** The combined gradient of the shared parameters: the weighted sum of their rows of J. */
export function combineRows(
  layout: Layout,
  memory: Memory,
  { present }: Standing,
  mixing: Mixing,
): void {
  const { gradients } = memory;
  for (const block of layout.jacobian) {
    const matrix = mixing.get(block);
    if (!matrix) continue;
    const weights = rowWeights(block, matrix, present);
    combineBlock(
      memory,
      block,
      weights,
      gradients.subarray(block.parameterAt, block.parameterAt + block.size),
    );
  }
}

/** Weighs the gradients of own parameters, in place, and adds those of penalties to all. */
export function finishGradients<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  memory: Memory,
  standing: Standing,
  tables: Tables,
): void {
  const { kernels, gradients, rest } = memory;
  layout.parameters.forEach((place, i) => {
    if (i >= network.parameters.length || place.of.tasks.length > 1) return;
    const weight = standing.weights[network.tasks.indexOf(place.of.tasks[0])];
    if (weight === 1) return;
    for (const piece of gradientPieces(memory, [
      { ...place, index: i, touched: tables.touched(i) },
    ])) {
      kernels.scale(piece, weight);
    }
  });
  if (rest.length === gradients.length) kernels.axpy(1, rest, gradients);
}

/** Up to so many numbers rows are mixed in float64, where nearly opposed rows cancel. */
const SMALL = 1024;

function combineBlock(
  memory: Memory,
  block: JacobianBlock,
  weights: readonly number[],
  out: Float32Array,
): void {
  const values = rowsOf(memory.jacobian, block);
  if (block.size <= SMALL) {
    for (let i = 0; i < block.size; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k] * values[k * block.size + i];
      out[i] = sum;
    }
    return;
  }
  const factors = memory.factors.subarray(0, weights.length);
  factors.set(weights);
  memory.kernels.combine(values, factors, out, "set");
}

/** @throws POLYTASK_NON_FINITE naming the first parameter whose gradient is not finite, before anything has moved. */
export function checkGradients(memory: Memory, moving: readonly Moving[], step: number): void {
  const isFinite = (list: readonly Moving[]): boolean =>
    [...gradientPieces(memory, list)].every((piece) => memory.kernels.allFinite(piece));
  const dense = moving.filter(({ touched }) => touched === undefined);
  if (isFinite(dense)) return;
  const bad = dense.find((parameter) => !isFinite([parameter]));
  if (bad) throw nonFiniteGradient(bad.of.info.name, bad.of.tasks, step);
}

/** Stretches of neighbours that lie next to one another in memory: first and last index of each. */
export function runs(
  moving: readonly Moving[],
  alike: (a: number, b: number) => boolean = () => true,
): (readonly [first: number, last: number])[] {
  const found: [number, number][] = [];
  moving.forEach(({ at }, i) => {
    const last = found.at(-1);
    const before = last && moving[last[1]];
    if (last && before && before.at + before.size === at && alike(last[1], i)) last[1] = i;
    else found.push([i, i]);
  });
  return found;
}

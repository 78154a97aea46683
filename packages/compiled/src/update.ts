import type { Clip, ElementwiseOptimizer } from "@polytask/core";
import { type Moving, runs } from "./combine.ts";
import { type FusedRule, fusedRule, type Stretch } from "./fused-rules.ts";
import type { Memory } from "./memory.ts";

/** How many updates every parameter has had, by name. */
export type Counts = Map<string, number>;

/** A rule that has no fused kernel: run as a graph on all parameters, of which the moving ones are then taken. */
export type TracedRule = (scalars: ReadonlyMap<Moving, readonly number[]>) => Promise<void>;

export interface UpdateContext {
  readonly counts: Counts;
  readonly rate: number;
  readonly traced: TracedRule;
}

/** Clips the combined gradient and takes the optimizer's step on the parameters that move. */
export async function update(
  optimizer: ElementwiseOptimizer,
  memory: Memory,
  moving: readonly Moving[],
  { counts, rate, traced }: UpdateContext,
): Promise<void> {
  // All numbers before the first parameter moves: a user's schedule may throw.
  const scalars = moving.map(({ of }) =>
    optimizer.scalars({ count: (counts.get(of.info.name) ?? 0) + 1, rate, parameter: of.info }),
  );
  if (optimizer.clip) clip(memory, moving, optimizer.clip);
  const rule = fusedRule(optimizer, memory.kernels);
  if (rule) applyFused(memory, moving, scalars, rule, optimizer.rows === "lazy");
  else await traced(new Map(moving.map((parameter, i) => [parameter, scalars[i]])));
  for (const { of } of moving) counts.set(of.info.name, (counts.get(of.info.name) ?? 0) + 1);
}

/** Limits the whole gradient's norm, then every element. */
function clip(memory: Memory, moving: readonly Moving[], { norm, value }: Clip): void {
  const { kernels } = memory;
  const pieces = [...gradientPieces(memory, moving)];
  if (norm !== undefined) {
    const length = Math.sqrt(pieces.reduce((sum, piece) => sum + kernels.sumOfSquares(piece), 0));
    if (length > norm) for (const piece of pieces) kernels.scale(piece, norm / length);
  }
  if (value !== undefined) for (const piece of pieces) kernels.clipValue(piece, value);
}

/** The gradient in stretches; of tables that were gathered as rows, those rows alone. */
export function* gradientPieces(
  { gradients }: Memory,
  moving: readonly Moving[],
): Generator<Float32Array> {
  for (const [first, last] of runs(moving, (a, b) => !moving[a].touched && !moving[b].touched)) {
    const { at, touched, variable } = moving[first];
    if (touched === undefined) {
      yield gradients.subarray(at, moving[last].at + moving[last].size);
      continue;
    }
    const width = variable.size / variable.shape[0];
    for (const row of touched) yield gradients.subarray(at + row * width, at + (row + 1) * width);
  }
}

function applyFused(
  memory: Memory,
  moving: readonly Moving[],
  scalars: readonly (readonly number[])[],
  rule: FusedRule,
  lazy: boolean,
): void {
  const isLazy = (i: number): boolean => lazy && moving[i].of.info.layout === "rows";
  const together = (a: number, b: number): boolean =>
    !isLazy(a) && !isLazy(b) && scalars[a].every((value, i) => value === scalars[b][i]);
  for (const [first, last] of runs(moving, together)) {
    const stretch = stretchOf(memory, moving[first].at, moving[last].at + moving[last].size);
    if (!isLazy(first)) {
      rule.all(stretch, scalars[first]);
      continue;
    }
    const { at, touched, variable } = moving[first];
    const height = variable.shape[0];
    const rows = touched ?? everyRow(memory.rowLists.subarray(at, at + height));
    rule.rows(rows, variable.size / height, stretch, scalars[first]);
  }
}

const stretchOf = (
  { parameters, gradients, slots }: Memory,
  from: number,
  to: number,
): Stretch => ({
  p: parameters.subarray(from, to),
  g: gradients.subarray(from, to),
  slots: slots.map((slot) => slot.subarray(from, to)),
});

function everyRow(list: Int32Array): Int32Array {
  for (let i = 0; i < list.length; i++) list[i] = i;
  return list;
}

import type { Clip, ElementwiseOptimizer } from "@polytask/core";
import { type Moving, runs } from "./combine.ts";
import { type FusedRule, fusedRule } from "./fused-rules.ts";
import type { Memory } from "./memory.ts";

/** How many updates every parameter has had, by name. */
export type Counts = Map<string, number>;

/** A rule that has no fused kernel: run as a graph on all parameters, of which the moving ones are then taken. */
export type TracedRule = (scalars: ReadonlyMap<Moving, readonly number[]>) => Promise<void>;

/** Clips the combined gradient and takes the optimizer's step on the parameters that move. */
export async function update(
  optimizer: ElementwiseOptimizer,
  memory: Memory,
  moving: readonly Moving[],
  { counts, rate, traced }: { readonly counts: Counts; readonly rate: number; readonly traced: TracedRule },
): Promise<void> {
  // All numbers before the first parameter moves: a user's schedule may throw.
  const scalars = moving.map(({ of }) =>
    optimizer.scalars({ count: (counts.get(of.info.name) ?? 0) + 1, rate, parameter: of.info }),
  );
  if (optimizer.clip) clip(memory, moving, optimizer.clip);
  const rule = fusedRule(optimizer, memory.kernels);
  if (rule) applyFused(memory, moving, scalars, rule);
  else await traced(new Map(moving.map((parameter, i) => [parameter, scalars[i]])));
  for (const { of } of moving) counts.set(of.info.name, (counts.get(of.info.name) ?? 0) + 1);
}

/** Limits the whole gradient's norm, then every element. */
function clip({ kernels, gradients }: Memory, moving: readonly Moving[], { norm, value }: Clip): void {
  const pieces = runs(moving).map(([first, last]) =>
    gradients.subarray(moving[first].at, moving[last].at + moving[last].size),
  );
  if (norm !== undefined) {
    const length = Math.sqrt(pieces.reduce((sum, piece) => sum + kernels.sumOfSquares(piece), 0));
    if (length > norm) for (const piece of pieces) kernels.scale(piece, norm / length);
  }
  if (value !== undefined) for (const piece of pieces) kernels.clipValue(piece, value);
}

function applyFused(
  { parameters, gradients, slots }: Memory,
  moving: readonly Moving[],
  scalars: readonly (readonly number[])[],
  rule: FusedRule,
): void {
  const equal = (a: number, b: number): boolean =>
    scalars[a].every((value, i) => value === scalars[b][i]);
  for (const [first, last] of runs(moving, equal)) {
    const from = moving[first].at;
    const to = moving[last].at + moving[last].size;
    rule(
      parameters.subarray(from, to),
      gradients.subarray(from, to),
      slots.map((slot) => slot.subarray(from, to)),
      scalars[first],
    );
  }
}

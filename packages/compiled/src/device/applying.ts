import type { ElementwiseOptimizer, Network } from "@polytask/core";
import { nonFiniteGradient } from "@polytask/core/engine";
import { type Layout, SPACE } from "@polytask/graph";
import type { Moving } from "../combine.ts";
import type { Compiled } from "../compiled.ts";
import { type Mixing, rowWeights, type Standing } from "../operate.ts";
import type { Counts } from "../update.ts";
import { type ApplyInputs, applyInputs, compileApply, type Together } from "./apply-program.ts";
import type { Store } from "./store.ts";

/** The second graph of a step: the combined gradient and the optimizer's step, where the gradients lie. */
export interface Applying {
  /** Takes what surgery made of the rows. */
  readonly combine: (standing: Standing, mixing: Mixing) => void;
  /** @throws POLYTASK_NON_FINITE naming the first parameter whose gradient is not finite, before anything has moved. */
  readonly move: (moving: readonly Moving[], rate: number, step: number) => Promise<void>;
}

export function createApplying<Name extends string>(
  network: Network<Name>,
  optimizer: ElementwiseOptimizer,
  layout: Layout<Name>,
  compiled: Compiled,
  { store, counts }: { readonly store: Store; readonly counts: Counts },
): Applying {
  const inputs = applyInputs(network, layout);
  const groups = store.of(SPACE.parameters).map(({ parameters }) => parameters);

  /** Runs the graph of one form; Σ|g| by group or by parameter. */
  const run = async (scalars: Scalars, together: Together): Promise<Float32Array> => {
    const { width, of } = scalars;
    const { program, numbers, magnitudes } = await compiled.once(
      `update ${width} ${together ? "together" : "apart"}`,
      () => compileApply(network, optimizer, layout, compiled, { inputs, store, width, together }),
    );
    (together ?? layout.parameters.map((_, i) => [i])).forEach(([first], row) => {
      const values = of.get(first);
      if (values) numbers.set(values, row * width);
    });
    await program.run();
    return magnitudes;
  };

  return {
    combine: (standing, mixing) => {
      fillMixing(layout, inputs, standing, mixing);
    },
    move: async (moving, rate, step) => {
      if (moving.length === 0) return;
      const scalars = scalarsOf(optimizer, moving, counts, rate);
      inputs.moves.fill(0);
      for (const { index } of moving) inputs.moves[index] = 1;
      const alike = groups.every((members) => areAlike(scalars, members));
      if (!alike || !(await run(scalars, groups)).every(Number.isFinite)) {
        const magnitudes = await run(scalars, undefined);
        const bad = moving.find(({ index }) => !Number.isFinite(magnitudes[index]));
        if (bad) throw nonFiniteGradient(bad.of.info.name, bad.of.tasks, step);
      }
      store.commit();
      for (const { of } of moving) counts.set(of.info.name, (counts.get(of.info.name) ?? 0) + 1);
    },
  };
}

/** The numbers of a rule, by the layout's parameter. */
interface Scalars {
  readonly width: number;
  readonly of: ReadonlyMap<number, readonly number[]>;
}

function scalarsOf(
  optimizer: ElementwiseOptimizer,
  moving: readonly Moving[],
  counts: Counts,
  rate: number,
): Scalars {
  const of = new Map(
    moving.map(({ index, of: { info } }) => {
      const count = (counts.get(info.name) ?? 0) + 1;
      return [index, optimizer.scalars({ count, rate, parameter: info })] as const;
    }),
  );
  return { of, width: Math.max(0, ...[...of.values()].map(({ length }) => length)) };
}

/** Whether all of them move, and by the same numbers. */
function areAlike({ of }: Scalars, members: readonly number[]): boolean {
  const first = of.get(members[0]);
  return members.every((i) => {
    const values = of.get(i);
    return first && values?.every((value, j) => value === first[j]);
  });
}

function fillMixing(
  layout: Layout,
  { mixing: into, weights }: ApplyInputs,
  standing: Standing,
  mixing: Mixing,
): void {
  weights.set(standing.weights);
  let at = 0;
  for (const block of layout.jacobian) {
    const matrix = mixing.get(block);
    if (matrix) into.set(rowWeights(block, matrix, standing.present), at);
    at += block.rows.length;
  }
}

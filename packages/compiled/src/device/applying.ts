import type { ElementwiseOptimizer, Network } from "@polytask/core";
import { needsRows, nonFiniteGradient } from "@polytask/core/engine";
import {
  type GatherStep,
  type Layout,
  type Node,
  ops,
  type Shape,
  sizeOf,
  SPACE,
} from "@polytask/graph";
import { type Moving, movingFinder } from "../combine.ts";
import type { Compiled } from "../compiled.ts";
import { type Mixing, rowWeights, type Standing } from "../operate.ts";
import type { Continuation } from "../gather.ts";
import { OUT } from "../memory.ts";
import type { Counts } from "../update.ts";
import { ONE_GROUP } from "../wishes.ts";
import {
  type ApplyForm,
  applyForm,
  type ApplyInputs,
  applyInputs,
  compileApply,
  type Together,
} from "./apply-program.ts";
import type { Store } from "./store.ts";
import { transplant } from "./transplant.ts";

/** The second graph of a step: the combined gradient and the optimizer's step, where the gradients lie. */
export interface Applying {
  /** The same as the end of the first graph, for steps in which the host has no say between the two. */
  readonly continuation: Continuation | undefined;
  /** Takes what weighs rows of J, and own gradients. */
  readonly combine: (standing: Standing, mixing: Mixing) => void;
  /** @throws POLYTASK_NON_FINITE naming the first parameter whose gradient is not finite, before anything has moved. */
  readonly move: (moving: readonly Moving[], rate: number, step: number) => Promise<void>;
}

interface ApplyingOptions {
  readonly store: Store;
  /** Whether rows of J are kept. */
  readonly stored: boolean;
  readonly counts: Counts;
}

export function createApplying<Name extends string>(
  network: Network<Name>,
  optimizer: ElementwiseOptimizer,
  layout: Layout<Name>,
  compiled: Compiled,
  { store, stored, counts }: ApplyingOptions,
): Applying {
  const inputs = applyInputs(network, layout);
  const groups = store.of(SPACE.parameters).map(({ parameters }) => parameters);
  const movingOf = movingFinder(network, layout);
  const forms = new Map<string, ApplyForm>();
  /** The form that the first graph of this step has run to its end. */
  let done: ApplyForm | undefined;

  const formOf = (width: number, together: Together): ApplyForm => {
    const name = `${width} ${together ? "together" : "apart"}`;
    const known = forms.get(name);
    if (known) return known;
    const form = applyForm(network, optimizer, layout, { inputs, store, stored, width, together });
    forms.set(name, form);
    return form;
  };

  /** A form with the rule's numbers for the step to come. */
  const filled = ({ width, of }: Scalars, together: Together): ApplyForm => {
    const form = formOf(width, together);
    (together ?? layout.parameters.map((_, i) => [i])).forEach(([first], row) => {
      const values = of.get(first);
      if (values) form.numbers.set(values, row * width);
    });
    return form;
  };

  /** Runs the graph of one form by itself; Σ|g| by group or by parameter. */
  const run = async (scalars: Scalars, together: Together): Promise<Float32Array> => {
    const form = filled(scalars, together);
    const name = `update ${scalars.width} ${together ? "together" : "apart"}`;
    const { program } = await compiled.once(name, () => compileApply(compiled, form));
    await program.run();
    return form.magnitudes;
  };

  /** The second graph by itself: all together where they move alike, else each, which tells whose gradient is not finite. */
  const applyNow = async (moving: readonly Moving[], rate: number, step: number): Promise<void> => {
    const scalars = scalarsOf(optimizer, moving, counts, rate);
    inputs.moves.fill(0);
    for (const { index } of moving) inputs.moves[index] = 1;
    const alike = groups.every((members) => areAlike(scalars, members));
    if (alike && (await run(scalars, groups)).every(Number.isFinite)) return;
    const magnitudes = await run(scalars, undefined);
    const bad = moving.find(({ index }) => !Number.isFinite(magnitudes[index]));
    if (bad) throw nonFiniteGradient(bad.of.info.name, bad.of.tasks, step);
  };

  const continuation: Continuation = {
    begin: (info) => {
      const present = network.tasks.flatMap((_, k) => (info.counts[k] > 0 ? [k] : []));
      const moving = movingOf(present, NO_TABLES);
      const scalars = scalarsOf(optimizer, moving, counts, optimizer.rate(info.step));
      const alike = moving.length > 0 && groups.every((members) => areAlike(scalars, members));
      done = alike ? filled(scalars, groups) : undefined;
      return done && `and update ${scalars.width}`;
    },
    extend: (step) => {
      if (!done) throw new Error("unreachable: a step that does not go on");
      const { reads, writes } = done;
      const { targets } = done.trace();
      const gradients = gradientsIn(layout, step);
      const nodes = transplant(
        step.graph,
        targets.map(({ node }) => node),
        (node) =>
          node.op === "View" && node.attributes.space === OUT.gradients
            ? gradients(node.attributes.at, node.shape)
            : undefined,
      );
      return { targets: targets.map((one, i) => ({ ...one, node: nodes[i] })), reads, writes };
    },
  };

  return {
    continuation: needsRows(network, ONE_GROUP) ? undefined : continuation,
    combine: (standing, mixing) => {
      fillMixing(layout, inputs, standing, mixing);
    },
    move: async (moving, rate, step) => {
      const ended = done;
      done = undefined;
      if (moving.length === 0) return;
      if (!ended?.magnitudes.every(Number.isFinite)) await applyNow(moving, rate, step);
      store.commit();
      for (const { of } of moving) counts.set(of.info.name, (counts.get(of.info.name) ?? 0) + 1);
    },
  };
}

/** On a device no table comes as the rows that were looked up. */
const NO_TABLES = { touched: () => undefined };

/** What the first graph has found of gradients, where the second reads them: those of neighbours as one. */
function gradientsIn(
  layout: Layout,
  { graph, rest }: GatherStep,
): (at: number, shape: Shape) => Node {
  const places = layout.parameters
    .map(({ at, size, variable: { shape } }, i) => ({ at, size, node: rest[i], shape }))
    .sort((a, b) => a.at - b.at);
  return (from, shape) => {
    const to = from + sizeOf(shape);
    const some = places.filter(({ at, size }) => at >= from && at + size <= to);
    if (some.reduce((sum, { size }) => sum + size, 0) !== to - from)
      throw new Error(`unreachable: parameters do not fill ${from} to ${to}`);
    const parts = some.map(({ node, size, shape: own }) =>
      ops.reshape(graph, node ?? graph.constant(0, own), [size]),
    );
    return ops.reshape(graph, ops.concat(graph, parts, 0), shape);
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

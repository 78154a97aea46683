import { type Batch, brokenPart, type Network, type StepInfo } from "@polytask/core";
import {
  columnSpace,
  type GatherStep,
  type GatherWish,
  type GroupShape,
  type Layout,
  sizeOf,
  SPACE,
  type Target,
} from "@polytask/graph";
import type { Variable } from "@tensorflow/tfjs";
import { passSpaces } from "./inputs.ts";
import { type Memory, OUT, type Values } from "./memory.ts";

/** What decides how a group is compiled. */
export function groupShape<Name extends string>(
  network: Network<Name>,
  batch: Batch<Name>,
  { counts }: StepInfo,
): GroupShape<Name> {
  const columns = Object.fromEntries(
    Object.entries(batch.columns).map(([name, { shape, dtype }]) => [name, { shape, dtype }]),
  );
  const masked = batch.tasks.some((name) => {
    const labels = batch.labels[name];
    return labels !== undefined && labels.count < labels.values.length;
  });
  // With a label missing somewhere, the same step serves whoever is present.
  const everyone = !masked && counts.every((count) => count > 0);
  return { size: batch.size, tasks: batch.tasks, columns, masked, everyone };
}

/** The memories that a group's step reads and that are filled anew for every group. */
export function groupSpaces<Name extends string>(
  network: Network<Name>,
  shape: GroupShape<Name>,
  step: Pick<GatherStep, "inputs">,
): Map<string, Values> {
  const labels = shape.tasks.reduce(
    (sum, name) => sum + shape.size * sizeOf(network.task[name].labelShape),
    0,
  );
  const tasks = network.tasks.length;
  return new Map<string, Values>([
    ...passSpaces(step.inputs),
    [SPACE.labels, new Float32Array(labels)],
    [SPACE.masks, new Uint8Array(shape.masked ? labels : 0)],
    [SPACE.shares, new Float32Array(tasks)],
    [SPACE.present, new Float32Array(tasks)],
  ]);
}

/** Copies a group's labels in; returns its columns, which are read where they lie. */
export function fillGroup<Name extends string>(
  spaces: ReadonlyMap<string, Values>,
  batch: Batch<Name>,
  { counts }: StepInfo,
): ReadonlyMap<string, Values> {
  const labels = spaces.get(SPACE.labels) as Float32Array;
  const masks = spaces.get(SPACE.masks) as Uint8Array;
  let at = 0;
  for (const name of batch.tasks) {
    const column = batch.labels[name];
    if (!column) continue;
    labels.set(column.values, at);
    if (masks.length > 0) masks.set(column.present, at);
    at += column.values.length;
  }
  const shares = spaces.get(SPACE.shares) as Float32Array;
  const present = spaces.get(SPACE.present) as Float32Array;
  counts.forEach((count, k) => {
    shares[k] = count > 0 ? 1 / count : 0;
    present[k] = Number(count > 0);
  });
  return new Map(
    Object.entries(batch.columns).map(([name, { values }]) => [columnSpace(name), values]),
  );
}

/** What a group's program goes on to do, where the host has no say between. */
export interface Continuation {
  /** Before the program runs: which one it is, with its inputs set; undefined where this step cannot go on. */
  readonly begin: (info: StepInfo) => string | undefined;
  /** More results of the step's graph, and the memories that they read and write beside the trainer's own. */
  readonly extend: (step: GatherStep) => {
    readonly targets: readonly Target[];
    readonly reads: ReadonlyMap<string, Values>;
    readonly writes: ReadonlyMap<string, Values>;
  };
}

/** What a group's step hands out, and where it goes. */
export interface GatherPlan {
  /** Whether tables' gradients may come as the rows that were looked up. */
  readonly sparse: boolean;
  /** Whether a group's losses are all of a step's, and are weighed with it. */
  readonly weighs: boolean;
  readonly targets: (step: GatherStep, wish: GatherWish) => readonly Target[];
  /** Memories that a program may write in part: what it leaves out is 0. */
  readonly partly: readonly string[];
  readonly continuation?: Continuation | undefined;
}

/** Everything into the host's memory. */
export const hostPlan = (layout: Layout): GatherPlan => ({
  sparse: true,
  weighs: false,
  targets: (step, wish) => [
    ...foundTargets(layout, step),
    ...layout.parameters.flatMap(({ at }, i) => {
      const own = step.own[i];
      const rest = step.rest[i];
      return [
        ...(own ? [{ node: own, space: OUT.gradients, at }] : []),
        ...(rest ? [{ node: rest, space: wish.rows ? OUT.rest : OUT.gradients, at }] : []),
      ];
    }),
  ],
  partly: [OUT.gradients, OUT.rest, OUT.jacobian, OUT.lastShared],
});

/** Where everything goes that a group's step finds but gradients by parameter. */
export function foundTargets(layout: Layout, step: GatherStep): readonly Target[] {
  const targets: Target[] = [{ node: step.losses, space: OUT.losses, at: 0 }];
  if (step.weights) targets.push({ node: step.weights, space: OUT.weights, at: 0 });
  layout.jacobian.forEach(({ at }, i) => {
    const node = step.jacobian[i];
    if (node) targets.push({ node, space: OUT.jacobian, at });
  });
  layout.lastShared.forEach(({ at }, i) => {
    const node = step.lastShared[i];
    if (node) targets.push({ node, space: OUT.lastShared, at });
  });
  for (const { variable, value } of step.assigned) {
    targets.push({ node: value, space: OUT.assigned, at: bufferAt(layout, variable) });
  }
  return targets;
}

/** Where a variable that a pass assigns lies among the buffers. */
export function bufferAt(layout: Layout, variable: Variable): number {
  const buffer = layout.buffers.find((place) => place.variable === variable);
  if (buffer) return buffer.at;
  throw brokenPart(
    "pass.assign",
    "a variable that a step assigns must be among the part's buffers",
    `"${variable.name}" of shape [${variable.shape.join(", ")}] is not`,
  );
}

/**
 * Sets every assigned buffer to the mean of what the step's groups assigned; `assigned` says how many did, by the buffer's
 * place.
 */
export function takeAssigned(
  layout: Layout,
  { assigned: sums, buffers }: Memory,
  assigned: ReadonlyMap<number, number>,
): void {
  for (const [place, groups] of assigned) {
    const { at, size } = layout.buffers[place];
    for (let i = at; i < at + size; i++) buffers[i] = sums[i] / groups;
  }
}

import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Variable } from "@tensorflow/tfjs";
import type { Batch } from "./batch.ts";
import { eagerPass } from "./eager-pass.ts";
import type { StepInfo } from "./engine.ts";
import { labelledLoss, scoresOf, toTensors } from "./losses.ts";
import type { Network } from "./network.ts";
import { penaltyOf } from "./penalty.ts";
import { type Gradients, gradientsOf, onTape } from "./tape.ts";
import { presentNow, traceWeights, type Weighed, weighingNow } from "./weigh.ts";

/**
 * What the groups of a step have added up to.
 *
 * Tensors here are kept: they belong to no tidy, and `release` frees them.
 */
export interface Gathering {
  /** Raw losses [T]; 0 for a task that no group has labels of. */
  losses: Tensor1D;
  /** ∇L_k by task and parameter, where rows are needed; null for a structural or found zero. */
  readonly rows: (Tensor | null)[][];
  /** Gradient of all penalties (and of everything, where no rows are needed), by parameter, then by extra variable. */
  readonly rest: (Tensor | null)[];
  readonly assigned: Map<Variable, Tensor[]>;
  /** Weights, where they were found together with the gradient. */
  weighed?: Weighed;
}

export const emptyGathering = <Name extends string>(network: Network<Name>): Gathering => ({
  losses: tf.keep(tf.zeros([network.tasks.length])),
  rows: network.tasks.map(() => network.parameters.map(() => null)),
  rest: [...network.parameters, ...network.extras].map(() => null),
  assigned: new Map(),
});

export function release(gathering: Gathering): void {
  const { losses, rows, rest, assigned, weighed } = gathering;
  const tensors = [losses, ...rows.flat(), ...rest, ...[...assigned.values()].flat()];
  tf.dispose(tensors.filter((tensor) => tensor !== null));
  if (weighed) tf.dispose([weighed.weights, ...weighed.gradients.filter((g) => g !== null)]);
}

/** Whether a step keeps one gradient per task, or descends the weighted sum at once. */
export const needsRows = <Name extends string>(network: Network<Name>, info: StepInfo): boolean =>
  network.surgeries.length > 0 ||
  network.needs.gramian ||
  network.reducer.size > 1 ||
  // The weights are known only when all groups' losses are.
  info.groups > 1;

/** Adds one group to a gathering: one forward pass, however many gradients. */
export function gatherGroup<Name extends string>(
  network: Network<Name>,
  gathering: Gathering,
  batch: Batch<Name>,
  info: StepInfo,
): void {
  const { tasks, parameters, extras } = network;
  const opened = eagerPass({
    tasks: batch.tasks,
    training: true,
    place: info,
    noise: network.noise,
  });
  const inGroup = tasks.map((name) => (batch.labels[name]?.count ?? 0) > 0);
  if (!inGroup.includes(true)) return;
  const separate = needsRows(network, info);
  const share = 1 / (info.groups * network.reducer.size);

  const found = onTape((collect) => {
    const tensors = toTensors(batch);
    const outputs = scoresOf(network, tensors.columns, batch.size, opened.pass);
    const losses = tasks.map((name, k) => {
      const scores = outputs[name];
      const labels = tensors.labels[name];
      return scores && labels && inGroup[k]
        ? labelledLoss(network.task[name], scores, labels, 1 / info.counts[k])
        : tf.scalar(0);
    });
    const total = collect(tf.stack(losses) as Tensor1D);
    const penalty = penaltyOf(network, {
      columns: tensors.columns,
      outputs,
      activations: opened.activations,
      present: presentNow(info),
      pass: opened.pass,
    });
    const variables = [...parameters, ...extras].map(({ variable }) => variable);

    const rows = tasks.map((name, k) =>
      inGroup[k] ? rowOf(network, name, losses[k], separate) : parameters.map(() => null),
    );
    let rest: Gradients = variables.map(() => null);
    let weighed: Weighed | undefined;
    if (separate) {
      if (penalty) rest = gradientsOf(tf.mul(penalty, share), variables);
    } else {
      weighed = traceWeights(network, total, weighingNow(network, info));
      const objective = tf.sum(tf.mul(weighed.weights, total));
      rest = gradientsOf(penalty ? tf.add(objective, penalty) : objective, variables);
      collect(weighed.weights);
      weighed.gradients.forEach((gradient) => gradient && collect(gradient));
    }
    [...rows.flat(), ...rest].forEach((gradient) => gradient && collect(gradient));
    const assigned = [...opened.assigned].map(
      ([variable, value]) => [variable, collect(value)] as const,
    );
    return { total, rows, rest, weighed, assigned };
  });

  gathering.losses = addInto(gathering.losses, found.total);
  found.rows.forEach((row, k) => {
    row.forEach((gradient, i) => {
      gathering.rows[k][i] = addInto(gathering.rows[k][i], gradient);
    });
  });
  found.rest.forEach((gradient, i) => {
    gathering.rest[i] = addInto(gathering.rest[i], gradient);
  });
  for (const [variable, value] of found.assigned) {
    gathering.assigned.set(variable, [...(gathering.assigned.get(variable) ?? []), value]);
  }
  if (found.weighed) gathering.weighed = found.weighed;
}

/** ∇L_k at the parameters that task k's loss can reach: all of them, or those whose norm was asked for. */
function rowOf<Name extends string>(
  network: Network<Name>,
  task: Name,
  loss: Tensor,
  separate: boolean,
): (Tensor | null)[] {
  const { lastShared } = network.model;
  const wanted = network.parameters.flatMap(({ tasks, variable }, i) =>
    tasks.includes(task) &&
    (separate || (network.needs.lastSharedNorms && lastShared.includes(variable)))
      ? [i]
      : [],
  );
  const found = gradientsOf(
    loss,
    wanted.map((i) => network.parameters[i].variable),
  );
  const row: (Tensor | null)[] = network.parameters.map(() => null);
  wanted.forEach((i, place) => {
    row[i] = found[place];
  });
  return row;
}

/** Adds a tensor to a kept one and frees both; either may be missing. */
function addInto<T extends Tensor | null>(kept: T, added: T): T {
  if (kept === null) return added;
  if (added === null) return kept;
  const sum = tf.keep(tf.add(kept, added));
  tf.dispose([kept, added]);
  return sum as T;
}

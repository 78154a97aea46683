import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { eagerPass } from "./eager-pass.ts";
import { brokenPart } from "./errors.ts";
import { gramian } from "./gramian.ts";
import type { Network, OwnedParameter } from "./network.ts";
import type { StepPlace } from "./pass.ts";
import type { ElementwiseProx, GramianProx } from "./regularizer.ts";

/** The proximal steps of all regularizers, in their order, on parameters that have a present task. */
export async function applyProx<Name extends string>(
  network: Network<Name>,
  present: readonly number[],
  rate: number,
  place: StepPlace,
): Promise<void> {
  const names = new Set(present.map((k) => network.tasks[k]));
  const moving = network.parameters.filter(({ tasks }) => tasks.some((task) => names.has(task)));
  for (const regularizer of network.regularizers) {
    const { prox } = regularizer;
    if (prox?.on === "elements") elements(network, prox, moving, rate, place);
    if (prox?.on === "gramian") {
      const who = network.nameOf(regularizer);
      await columns(who, prox, network.parameters, new Set(moving), rate, place);
    }
  }
}

function elements<Name extends string>(
  { tasks, noise }: Network<Name>,
  prox: ElementwiseProx,
  moving: readonly OwnedParameter[],
  rate: number,
  place: StepPlace,
): void {
  tf.tidy(() => {
    const scalar = tf.scalar(rate);
    const { pass } = eagerPass<string>({ tasks, training: true, place, noise });
    for (const { variable } of prox.select(moving)) {
      variable.assign(prox.apply(variable, scalar, pass));
    }
  });
}

/** W ← W·M for every group of paired parameters; a row here is a column of W. */
async function columns(
  who: string,
  prox: GramianProx,
  parameters: readonly OwnedParameter[],
  moving: ReadonlySet<OwnedParameter>,
  rate: number,
  place: StepPlace,
): Promise<void> {
  for (const paired of prox.groups(parameters)) {
    const group = paired.filter((parameter) => moving.has(parameter));
    if (group.length === 0) continue;
    const rows: Tensor2D = tf.tidy(() =>
      tf.stack(group.map(({ variable }) => tf.reshape(variable, [-1]))),
    ) as Tensor2D;
    try {
      const matrix = prox.apply(await gramian(rows), rate, place);
      if (matrix.length !== group.length || !matrix.flat().every(Number.isFinite)) {
        throw brokenPart(
          who,
          `prox must return ${group.length}×${group.length} finite numbers`,
          `got ${matrix.length} rows, or some that are not finite`,
        );
      }
      tf.tidy(() => {
        const mixed = tf.matMul(tf.tensor2d(matrix as number[][]), rows, true);
        tf.unstack(mixed).forEach((row, i) => {
          const { variable } = group[i];
          variable.assign(tf.reshape(row, variable.shape));
        });
      });
    } finally {
      rows.dispose();
    }
  }
}

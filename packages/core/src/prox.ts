import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { brokenPart } from "./errors.ts";
import { gramian } from "./gramian.ts";
import type { Network, OwnedParameter } from "./network.ts";
import type { ElementwiseProx, GramianProx } from "./regularizer.ts";

/** The proximal steps of all regularizers, in their order, on parameters that have a present task. */
export async function applyProx<Name extends string>(
  network: Network<Name>,
  present: readonly number[],
  rate: number,
): Promise<void> {
  const names = new Set(present.map((k) => network.tasks[k]));
  const moving = network.parameters.filter(({ tasks }) => tasks.some((task) => names.has(task)));
  for (const regularizer of network.regularizers) {
    const { prox } = regularizer;
    if (prox?.on === "elements") elements(prox, moving, rate);
    if (prox?.on === "gramian") {
      await columns(network.nameOf(regularizer), prox, network.parameters, new Set(moving), rate);
    }
  }
}

function elements(prox: ElementwiseProx, moving: readonly OwnedParameter[], rate: number): void {
  tf.tidy(() => {
    const scalar = tf.scalar(rate);
    for (const { variable } of prox.select(moving)) variable.assign(prox.apply(variable, scalar));
  });
}

/** W ← W·M for every group of paired parameters; a row here is a column of W. */
async function columns(
  who: string,
  prox: GramianProx,
  parameters: readonly OwnedParameter[],
  moving: ReadonlySet<OwnedParameter>,
  rate: number,
): Promise<void> {
  for (const paired of prox.groups(parameters)) {
    const group = paired.filter((parameter) => moving.has(parameter));
    if (group.length === 0) continue;
    const rows: Tensor2D = tf.tidy(() =>
      tf.stack(group.map(({ variable }) => tf.reshape(variable, [-1]))),
    ) as Tensor2D;
    try {
      const matrix = prox.apply(await gramian(rows), rate);
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

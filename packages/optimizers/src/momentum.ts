import { CONTRACT, type OptimizerPlugin } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { type OptimizerOptions, readOptions, requireFraction } from "./options.ts";

export interface MomentumOptions extends OptimizerOptions {
  /** Default 0.9; 0 is plain gradient descent with a schedule, groups and clipping. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
}

/**
 * Gradient descent with momentum: b ← μ·b + g; p ← p − η·b, or p ← p − η·(g + μ·b) with `nesterov`.
 *
 * The form of Sutskever et al., ICML 2013, with the rate outside the buffer as in PyTorch's SGD: a falling rate acts at
 * once on what the buffer holds. Default learning rate 0.01. With `rows: "lazy"` a row of an embedding table moves, and its
 * buffer with it, only in steps that give it a gradient.
 *
 * @throws POLYTASK_OPTION for a learning rate or clip limit that is not positive and finite, a momentum outside [0, 1), a
 * group's rate below 0, or other `rows`; POLYTASK_STATE when a state with the other `rows` is restored.
 */
export function momentum(options: MomentumOptions = {}): OptimizerPlugin {
  const { momentum: mu = 0.9, nesterov = false } = options;
  const { rate, clipping, groupOf, rowwise } = readOptions("momentum", 0.01, options);
  requireFraction("momentum", "momentum", mu);
  return {
    kind: "optimizer",
    name: "momentum",
    contract: CONTRACT,
    create: () => ({
      ...clipping,
      ...rowwise,
      rate,
      slots: ["buffer"],
      kernel: { name: "momentum", constants: [mu, nesterov ? 1 : 0] },
      scalars: ({ rate, parameter }) => [rate * (groupOf(parameter)?.rate ?? 1)],
      update: (value, gradient, [before], [eta]) => {
        const buffer = tf.add(tf.mul(before, mu), gradient);
        const direction = nesterov ? tf.add(gradient, tf.mul(buffer, mu)) : buffer;
        return { value: tf.sub(value, tf.mul(direction, eta)), slots: [buffer] };
      },
    }),
  };
}

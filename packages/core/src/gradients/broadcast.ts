import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";

/** A gradient of two operands of which either may have been broadcast; the results are summed to their shapes. */
const ofBoth = (
  kernel: string,
  of: (a: Tensor, b: Tensor, dy: Tensor) => readonly [a: () => Tensor, b: () => Tensor],
): Gradients =>
  gradient(kernel, {
    saves: ["a", "b"],
    of: (dy, [a, b]) => {
      const [atA, atB] = of(a, b, dy);
      return { a: () => sumTo(atA(), a.shape), b: () => sumTo(atB(), b.shape) };
    },
  });

/** tfjs 4.22 gives these the result's shape, not the operand's, and refuses that itself. */
export const broadcastGradients: Gradients = {
  ...ofBoth("Maximum", (a, b, dy) => [
    () => tf.mul(dy, tf.cast(tf.greaterEqual(a, b), "float32")),
    () => tf.mul(dy, tf.cast(tf.less(a, b), "float32")),
  ]),
  ...ofBoth("Minimum", (a, b, dy) => [
    () => tf.mul(dy, tf.cast(tf.lessEqual(a, b), "float32")),
    () => tf.mul(dy, tf.cast(tf.greater(a, b), "float32")),
  ]),
  ...ofBoth("SquaredDifference", (a, b, dy) => [
    () => tf.mul(dy, tf.mul(tf.sub(a, b), 2)),
    () => tf.mul(dy, tf.mul(tf.sub(b, a), 2)),
  ]),
  ...gradient<tf.BatchMatMulAttrs>("BatchMatMul", {
    saves: ["a", "b"],
    of: (dy, [a, b], { transposeA, transposeB }) => {
      const batch = dy.shape.slice(0, -2);
      const [p, q] = [a, b].map((x) => (): Tensor => withBatch(x, batch));
      return {
        a: () =>
          sumTo(
            transposeA
              ? tf.matMul(q(), dy, transposeB, true)
              : tf.matMul(dy, q(), false, !transposeB),
            a.shape,
          ),
        b: () =>
          sumTo(
            transposeB
              ? tf.matMul(dy, p(), true, transposeA)
              : tf.matMul(p(), dy, !transposeA, false),
            b.shape,
          ),
      };
    },
  }),
};

/** Adds up what was broadcast. */
function sumTo(x: Tensor, shape: number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return axes.length === 0 ? x : tf.reshape(tf.sum(x, axes), shape);
}

/** tfjs's own products broadcast batches wrongly unless one is a suffix of the other. */
const withBatch = (x: Tensor, batch: readonly number[]): Tensor => {
  const shape = [...batch, ...x.shape.slice(-2)];
  return x.shape.join() === shape.join() ? x : tf.broadcastTo(x, shape);
};

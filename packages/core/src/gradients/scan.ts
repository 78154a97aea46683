import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";

/** Running sums and products. */
export const scanGradients: Gradients = {
  // tfjs 4.22 transposes the gradient unless the axis is the last: silently wrong where lengths are equal.
  ...gradient<tf.CumsumAttrs>("Cumsum", {
    of: (dy, _, { axis, exclusive, reverse }) => ({
      x: () => tf.cumsum(dy, placeOf(axis, dy.rank), exclusive, !reverse),
    }),
  }),
  // tfjs has none.
  ...gradient<tf.CumprodAttrs>("Cumprod", {
    saves: ["x"],
    of: (dy, [x], { axis, exclusive, reverse }) => ({
      x: () => cumprodGradient(x, dy, placeOf(axis, x.rank), exclusive, reverse),
    }),
  }),
};

const placeOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/**
 * dx_i = Σ_j dy_j·∂y_j/∂x_i, where ∂y_j/∂x_i is y_j with 1 in place of x_i if x_i is a factor of y_j, else 0: n² numbers
 * for an axis of n, so that no division meets a 0.
 */
function cumprodGradient(
  x: Tensor,
  dy: Tensor,
  axis: number,
  exclusive: boolean,
  reverse: boolean,
): Tensor {
  const n = x.shape[axis];
  const order = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  const [rows, weights] = [x, dy].map((of) => tf.transpose(of, order));
  const own = tf.eye(n);
  // [..., i, j]: x_j, but 1 where i = j
  const factors = tf.add(tf.mul(tf.expandDims(rows, -2), tf.sub(1, own)), own);
  const products = tf.cumprod(factors, factors.rank - 1, exclusive, reverse);
  // Whether x_i is a factor of y_j.
  const within = tf.cumsum(own, 1, exclusive, reverse);
  const gradients = tf.sum(tf.mul(tf.mul(products, within), tf.expandDims(weights, -2)), -1);
  const back = order.map((_, i) => order.indexOf(i));
  return tf.transpose(gradients, back);
}

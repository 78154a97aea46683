import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { gradient, type Gradients } from "./config.ts";

/** Ops that choose numbers by their places; tfjs 4.22 has no gradient of them. */
export const selectionGradients: Gradients = {
  ...gradient("GatherNd", {
    saves: ["params", "indices"],
    of: (dy, [params, indices]) => ({
      params: () => tf.scatterND(indices, dy, params.shape),
    }),
  }),
  ...gradient("ScatterNd", {
    saves: ["indices"],
    of: (dy, [indices]) => ({ updates: () => tf.gatherND(dy, indices) }),
  }),
  // Updates that another one at their place has replaced count no more.
  ...gradient("TensorScatterUpdate", {
    saves: ["indices", "updates"],
    of: (dy, [indices, updates]) => ({
      tensor: () => {
        const hits = tf.scatterND(indices, tf.ones(updates.shape), dy.shape);
        return tf.mul(dy, tf.cast(tf.equal(hits, 0), "float32"));
      },
      updates: () => tf.mul(tf.gatherND(dy, indices), remaining(indices, dy.shape)),
    }),
  }),
  // One-hot rows, so that equal numbers are told apart by their places.
  ...gradient("TopK", {
    saves: ["x"],
    savesResults: [false, true],
    of: (dy, [x, indices]) => ({
      x: () => {
        const hits = tf.oneHot(indices, x.shape[x.rank - 1], 1, 0, "float32");
        return tf.sum(tf.mul(hits, tf.expandDims(dy, -1)), -2);
      },
    }),
  }),
};

/** 1 for every update that is there afterwards, else 0: [...updates, 1, …], whose number is found where it was put. */
function remaining(indices: Tensor, shape: readonly number[]): Tensor {
  const depth = indices.shape[indices.rank - 1];
  const updates = indices.shape.slice(0, -1);
  const count = updates.reduce((product, length) => product * length, 1);
  const numbers = tf.reshape(tf.range(1, count + 1), updates);
  const put = tf.tensorScatterUpdate(tf.zeros(shape.slice(0, depth)), indices, numbers);
  const found = tf.equal(tf.gatherND(put, indices), numbers);
  const ones = shape.slice(depth).map(() => 1);
  return tf.cast(tf.reshape(found, [...updates, ...ones]), "float32");
}

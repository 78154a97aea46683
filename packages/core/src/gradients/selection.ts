import * as tf from "@tensorflow/tfjs";
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

import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { t3, t4, t5 } from "./tensors.ts";

export const pooling: CaseGroup = {
  "max pool of one channel": {
    f: (x) => tf.maxPool(t4(x), 2, 2, "valid"),
    shapes: [[1, 4, 4, 1]],
    values: "distinct",
  },
  "max pool of a batch": {
    f: (x) => tf.maxPool(t4(x), 2, 2, "valid"),
    shapes: [[2, 4, 4, 1]],
    values: "distinct",
  },
  "max pool of channels": {
    f: (x) => tf.maxPool(t4(x), 2, 2, "valid"),
    shapes: [[1, 4, 4, 3]],
    values: "distinct",
  },
  "max pool, overlapping, same": {
    f: (x) => tf.maxPool(t4(x), 3, 2, "same"),
    shapes: [[2, 5, 4, 2]],
    values: "distinct",
  },
  "max pool of negative numbers": {
    f: (x) => tf.maxPool(t4(x), 3, 1, "valid"),
    shapes: [[2, 4, 4, 2]],
    values: "negative",
  },
  "max pool of negative numbers, same": {
    f: (x) => tf.maxPool(t4(x), 2, 2, "same"),
    shapes: [[2, 5, 3, 2]],
    values: "negative",
  },
  "max pool, padding 1": {
    f: (x) => tf.maxPool(t4(x), 3, 2, 1),
    shapes: [[2, 5, 5, 2]],
    values: "negative",
  },
  "max pool 3-D": {
    f: (x) => tf.maxPool3d(t5(x), 2, 2, "valid"),
    shapes: [[2, 2, 4, 2, 2]],
    values: "distinct",
  },
  "max pool 3-D of negative numbers, same": {
    f: (x) => tf.maxPool3d(t5(x), 2, 2, "same"),
    shapes: [[2, 3, 2, 3, 2]],
    values: "negative",
  },
  "average pool, valid": {
    f: (x) => tf.avgPool(t4(x), 2, 2, "valid"),
    shapes: [[2, 4, 5, 2]],
  },
  "average pool, same": { f: (x) => tf.avgPool(t4(x), 2, 2, "same"), shapes: [[2, 5, 3, 2]] },
  "average pool, overlapping, same": {
    f: (x) => tf.avgPool(t4(x), 3, 1, "same"),
    shapes: [[1, 4, 4, 2]],
  },
  "average pool, padding 1": { f: (x) => tf.avgPool(t4(x), 3, 2, 1), shapes: [[2, 5, 5, 2]] },
  "average pool 3-D": {
    f: (x) => tf.avgPool3d(t5(x), 2, 1, "valid"),
    shapes: [[2, 3, 2, 3, 2]],
  },
  "average pool 3-D, same": {
    f: (x) => tf.avgPool3d(t5(x), 2, 2, "same"),
    shapes: [[2, 3, 2, 3, 2]],
  },
  "average pool, dilated": {
    f: (x) => tf.pool(t4(x), 2, "avg", "valid", 2),
    shapes: [[1, 5, 4, 2]],
  },
  "dilation by a filter": {
    // The largest of x + w, where w is small beside what x differ by.
    f: (x, w) => tf.dilation2d(t4(x), tf.mul(t3(w), 0.05), 1, "same"),
    shapes: [
      [1, 4, 3, 2],
      [2, 2, 2],
    ],
    values: ["distinct", "any"],
  },
  "global average": { f: (x) => tf.mean(x, [1, 2]), shapes: [[2, 3, 3, 2]] },
};

import * as tf from "@tensorflow/tfjs";
import type { CaseGroup } from "../case.ts";
import { t3, t4, t5 } from "./tensors.ts";

export const convolution: CaseGroup = {
  "conv1d, same, stride 2": {
    f: (x, w) => tf.conv1d(t3(x), t3(w), 2, "same"),
    shapes: [
      [2, 7, 3],
      [3, 3, 2],
    ],
  },
  "conv1d, valid": {
    f: (x, w) => tf.conv1d(t3(x), t3(w), 1, "valid"),
    shapes: [
      [2, 6, 2],
      [3, 2, 3],
    ],
  },
  "conv1d, dilated": {
    f: (x, w) => tf.conv1d(t3(x), t3(w), 1, "same", "NWC", 2),
    shapes: [
      [2, 7, 2],
      [3, 2, 2],
    ],
  },
  "conv2d, same": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "same"),
    shapes: [
      [2, 4, 5, 2],
      [3, 2, 2, 3],
    ],
  },
  "conv2d, valid": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "valid"),
    shapes: [
      [2, 4, 5, 2],
      [3, 2, 2, 3],
    ],
  },
  "conv2d, same, stride 2": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 2, "same"),
    shapes: [
      [2, 6, 5, 2],
      [3, 2, 2, 3],
    ],
  },
  "conv2d, valid, stride 3": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 3, "valid"),
    shapes: [
      [2, 7, 6, 2],
      [3, 3, 2, 2],
    ],
  },
  "conv2d, padding 2": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 2, 2),
    shapes: [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
    ],
  },
  "conv2d, 1 by 1": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "valid"),
    shapes: [
      [2, 3, 3, 3],
      [1, 1, 3, 2],
    ],
  },
  "conv2d, dilated": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "same", "NHWC", 2),
    shapes: [
      [1, 5, 6, 2],
      [3, 2, 2, 2],
    ],
  },
  "conv2d, dilated unevenly": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "valid", "NHWC", [1, 3]),
    shapes: [
      [2, 4, 7, 1],
      [2, 3, 1, 2],
    ],
  },
  "fused conv2d with bias": {
    f: (x, filter, bias) =>
      tf.fused.conv2d({ x: t4(x), filter: t4(filter), strides: 1, pad: "same", bias }),
    shapes: [[1, 4, 4, 2], [3, 3, 2, 2], [2]],
  },
  "transposed conv2d": {
    f: (x, w) => tf.conv2dTranspose(t4(x), t4(w), [2, 5, 5, 2], 1, "valid"),
    shapes: [
      [2, 3, 3, 2],
      [3, 3, 2, 2],
    ],
  },
  "transposed conv2d, same, stride 2": {
    f: (x, w) => tf.conv2dTranspose(t4(x), t4(w), [2, 6, 6, 2], 2, "same"),
    shapes: [
      [2, 3, 3, 2],
      [3, 3, 2, 2],
    ],
  },
  "depthwise conv2d, same": {
    f: (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 1, "same"),
    shapes: [
      [2, 4, 5, 2],
      [3, 2, 2, 2],
    ],
  },
  "depthwise conv2d, valid, stride 2": {
    f: (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 2, "valid"),
    shapes: [
      [2, 5, 5, 3],
      [3, 2, 3, 1],
    ],
  },
  "depthwise conv2d, dilated": {
    f: (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 1, "valid", "NHWC", 2),
    shapes: [
      [1, 6, 5, 2],
      [2, 2, 2, 2],
    ],
  },
  "separable conv2d": {
    f: (x, depthwise, pointwise) =>
      tf.separableConv2d(t4(x), t4(depthwise), t4(pointwise), 1, "same"),
    shapes: [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
      [1, 1, 4, 3],
    ],
  },
  "conv3d, same": {
    f: (x, w) => tf.conv3d(t5(x), t5(w), 1, "same"),
    shapes: [
      [2, 3, 3, 3, 2],
      [2, 3, 2, 2, 2],
    ],
  },
  "conv3d, valid, stride 2": {
    f: (x, w) => tf.conv3d(t5(x), t5(w), 2, "valid"),
    shapes: [
      [2, 4, 3, 3, 2],
      [2, 3, 2, 2, 2],
    ],
  },
  "conv3d, dilated": {
    f: (x, w) => tf.conv3d(t5(x), t5(w), 1, "same", "NDHWC", [2, 1, 1]),
    shapes: [
      [1, 4, 2, 3, 1],
      [2, 2, 2, 1, 2],
    ],
  },
  "transposed conv3d": {
    f: (x, w) => tf.conv3dTranspose(t5(x), t5(w), [1, 4, 4, 4, 1], 2, "same"),
    shapes: [
      [1, 2, 2, 2, 2],
      [2, 2, 2, 1, 2],
    ],
  },
};

import * as tf from "@tensorflow/tfjs";
import type { Case } from "./gradients.ts";

type Paddings = "valid" | "same";
const ids = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, "int32");
const bools = (shape: [number, number], ...values: number[]): tf.Tensor2D =>
  tf.tensor2d(values, shape, "bool");
const t4 = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;
const t5 = (x: tf.Tensor): tf.Tensor5D => x as tf.Tensor5D;

/** What training of dense, embedding, attention and normalisation networks is made of: both backends must agree. */
export const shared: Readonly<Record<string, Case>> = {
  add: { f: tf.add, shapes: [[3, 4], [4]] },
  sub: {
    f: tf.sub,
    shapes: [
      [3, 4],
      [3, 1],
    ],
  },
  mul: {
    f: tf.mul,
    shapes: [
      [3, 4],
      [1, 4],
    ],
  },
  div: { f: (x, y) => tf.div(x, tf.add(tf.square(y), 1)), shapes: [[3, 4], [4]] },
  pow: { f: (x, y) => tf.pow(tf.add(tf.abs(x), 0.5), y), shapes: [[3, 4], [4]] },
  "square root": { f: (x) => tf.sqrt(tf.add(tf.abs(x), 0.5)), shapes: [[3, 4]] },
  rsqrt: { f: (x) => tf.rsqrt(tf.add(tf.abs(x), 0.5)), shapes: [[3, 4]] },
  "exp and log": { f: (x) => tf.log(tf.add(tf.exp(x), 1)), shapes: [[3, 4]] },
  softplus: { f: (x) => tf.softplus(x), shapes: [[3, 4]] },
  tanh: { f: (x) => tf.tanh(x), shapes: [[3, 4]] },
  sigmoid: { f: (x) => tf.sigmoid(x), shapes: [[3, 4]] },
  relu: { f: (x) => tf.relu(x), shapes: [[3, 4]] },
  relu6: { f: (x) => tf.relu6(x), shapes: [[3, 4]] },
  "leaky relu": { f: (x) => tf.leakyRelu(x), shapes: [[3, 4]] },
  prelu: { f: (x, alpha) => tf.prelu(x, alpha), shapes: [[3, 4], [4]] },
  elu: { f: (x) => tf.elu(x), shapes: [[3, 4]] },
  selu: { f: (x) => tf.selu(x), shapes: [[3, 4]] },
  erf: { f: (x) => tf.erf(x), shapes: [[3, 4]] },
  clip: { f: (x) => tf.clipByValue(x, -1, 1), shapes: [[3, 4]] },
  "maximum with a number": { f: (x) => tf.maximum(x, 0.3), shapes: [[3, 4]] },
  "sum of one axis": { f: (x) => tf.sum(x, 0), shapes: [[3, 4]] },
  "sum of two axes": { f: (x) => tf.sum(x, [0, 2], true), shapes: [[2, 3, 4]] },
  "sum of many rows": { f: (x) => tf.sum(x, 0), shapes: [[100, 3]] },
  "mean of many rows": { f: (x) => tf.mean(x, [0, 1]), shapes: [[20, 5, 3]] },
  "mean of parted axes": { f: (x) => tf.mean(x, [0, 2]), shapes: [[9, 2, 9]] },
  max: { f: (x) => tf.max(x, 1), shapes: [[3, 4]], first: "distinct" },
  min: { f: (x) => tf.min(x, 0), shapes: [[3, 4]], first: "negative" },
  prod: { f: (x) => tf.prod(x, 1), shapes: [[3, 4]] },
  norm: { f: (x) => tf.norm(x, 2, 1), shapes: [[3, 4]] },
  "log of summed exponentials": { f: (x) => tf.logSumExp(x, 1), shapes: [[3, 4]] },
  softmax: { f: (x) => tf.softmax(x), shapes: [[3, 4]] },
  "log softmax": { f: (x) => tf.logSoftmax(x), shapes: [[3, 4]] },
  "cumulative sum": { f: (x) => tf.cumsum(x, 1, true), shapes: [[3, 4]] },
  concat: {
    f: (x, y) => tf.concat([x, y], 1),
    shapes: [
      [3, 4],
      [3, 2],
    ],
  },
  "concat with nothing": {
    f: (x, y) => tf.concat([x, y], 0),
    shapes: [
      [3, 4],
      [0, 4],
    ],
  },
  slice: { f: (x) => tf.slice(x, [1, 2], [2, 2]), shapes: [[4, 5]] },
  split: { f: (x) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])), shapes: [[3, 4]] },
  stack: {
    f: (x, y) => tf.stack([x, y], 1),
    shapes: [
      [3, 4],
      [3, 4],
    ],
  },
  unstack: { f: (x) => tf.mul(...(tf.unstack(x, 0) as [tf.Tensor, tf.Tensor])), shapes: [[2, 4]] },
  pad: {
    f: (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    shapes: [[3, 4]],
  },
  tile: { f: (x) => tf.tile(x, [2, 3]), shapes: [[3, 4]] },
  reshape: { f: (x) => tf.square(tf.reshape(x, [2, 6])), shapes: [[3, 4]] },
  transpose: { f: (x) => tf.square(tf.transpose(x, [2, 0, 1])), shapes: [[2, 3, 4]] },
  reverse: { f: (x) => tf.reverse(x, 1), shapes: [[3, 4]] },
  where: {
    f: (x, y) => tf.where(bools([2, 3], 1, 0, 1, 0, 0, 1), x, y),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  "where by row": {
    f: (x, y) => tf.where(bools([2, 1], 1, 0), x, y),
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  "layer norm": {
    f: (x, gain, shift) => {
      const { mean, variance } = tf.moments(x, 1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3))), gain), shift);
    },
    shapes: [[3, 4], [4], [4]],
  },
  "batch norm": {
    f: (x, mean, variance, shift, gain) =>
      tf.batchNorm(x, mean, tf.add(tf.square(variance), 0.5), shift, gain),
    shapes: [[3, 4], [4], [4], [4], [4]],
  },
  attention: {
    f: (q, k, v) => tf.matMul(tf.softmax(tf.matMul(q, k, false, true)), v),
    shapes: [
      [2, 5, 4],
      [2, 6, 4],
      [2, 6, 3],
    ],
  },
  "attention, large": {
    f: (q, k, v) => tf.matMul(tf.softmax(tf.div(tf.matMul(q, k, false, true), 8)), v),
    shapes: [
      [3, 24, 20],
      [3, 24, 20],
      [3, 24, 20],
    ],
  },
  // large enough for the fast kernel
  ...products("large", [], 24, 20, 22),
  ...products("batched large", [3], 24, 20, 22),
  ...products("rank 4, large", [2, 2], 24, 20, 22),
  "softmax cross-entropy": {
    f: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot(ids(0, 3, 1), 4), x),
    shapes: [[3, 4]],
  },
  "sigmoid cross-entropy": {
    f: (x) => tf.losses.sigmoidCrossEntropy(tf.ones([3, 4]), x),
    shapes: [[3, 4]],
  },
  "huber loss": {
    f: (x) => tf.losses.huberLoss(tf.zeros([3, 4]), x, undefined, 1),
    shapes: [[3, 4]],
  },
  "masked mean": {
    f: (x) => tf.div(tf.sum(tf.mul(tf.square(x), tf.tensor1d([1, 0, 1]))), 2),
    shapes: [[3]],
  },
};

/** What a repair computes: both backends must also agree with finite differences. All are piecewise multilinear. */
export const repaired: Readonly<Record<string, Case>> = {
  gather: { f: (x) => tf.gather(x, ids(0, 4, 4, 2)), shapes: [[5, 3]] },
  "gather by a matrix": {
    f: (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [0, 4],
            [4, 2],
          ],
          [2, 2],
          "int32",
        ),
      ),
    shapes: [[5, 3]],
  },
  "gather columns": { f: (x) => tf.gather(x, ids(0, 4, 4), 1), shapes: [[3, 5, 2]] },
  "gather per batch": {
    f: (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [3, 3],
          ],
          [2, 2],
          "int32",
        ),
        1,
        1,
      ),
    shapes: [[2, 4, 3]],
  },
  "gather nothing": { f: (x) => tf.gather(x, ids()), shapes: [[5, 3]] },
  "segment sum": { f: (x) => tf.unsortedSegmentSum(x, ids(0, -1, 2, 2, 1), 4), shapes: [[5, 3]] },
  ...products("small", [], 3, 4, 5),
  ...products("batched small", [2], 3, 4, 5),
  ...products("rank 4", [2, 2], 2, 3, 2),
  "fused product": {
    f: (a, b, bias) => tf.fused.matMul({ a, b, bias, transposeA: true }),
    shapes: [[60, 3], [60, 4], [4]],
  },
  ...convolutions("valid"),
  ...convolutions("same"),
  "conv2d, padding 2": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 2, 2),
    shapes: [
      [2, 4, 4, 3],
      [3, 3, 3, 2],
    ],
  },
  "conv2d, 1 by 1, stride 3": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 3, "valid"),
    shapes: [
      [1, 8, 8, 2],
      [1, 1, 2, 2],
    ],
  },
  ...pools("valid"),
  ...pools("same"),
  "average pool, padding 1": { f: (x) => tf.avgPool(t4(x), 3, 2, 1), shapes: [[2, 5, 5, 2]] },
  "max pool, padding 1": {
    f: (x) => tf.maxPool(t4(x), 3, 2, 1),
    shapes: [[2, 5, 5, 2]],
    first: "negative",
  },
  ...resizes(1),
  ...resizes(2),
};

function products(
  name: string,
  batch: number[],
  m: number,
  k: number,
  n: number,
): Record<string, Case> {
  return Object.fromEntries(
    [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ].map(([ta, tb]) => [
      `${name} product${ta ? ", a transposed" : ""}${tb ? ", b transposed" : ""}`,
      {
        f: (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, ta, tb),
        shapes: [
          [...batch, ...(ta ? [k, m] : [m, k])],
          [...batch, ...(tb ? [n, k] : [k, n])],
        ],
      },
    ]),
  );
}

function convolutions(pad: Paddings): Record<string, Case> {
  const cases: Record<string, Case> = {
    [`conv1d, ${pad}`]: {
      f: (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, pad),
      shapes: [
        [2, 7, 3],
        [3, 3, 2],
      ],
    },
  };
  for (const stride of [1, 2, 3]) {
    const end = `, ${pad}, stride ${String(stride)}`;
    const grown = 3 * stride + (pad === "same" ? 0 : Math.max(3 - stride, 0));
    cases[`conv2d${end}`] = {
      f: (x, w) => tf.conv2d(t4(x), t4(w), stride, pad),
      shapes: [
        [2, 6, 5, 3],
        [3, 2, 3, 4],
      ],
    };
    cases[`depthwise conv2d${end}`] = {
      f: (x, w) => tf.depthwiseConv2d(t4(x), t4(w), stride, pad),
      shapes: [
        [2, 6, 5, 3],
        [3, 2, 3, 2],
      ],
    };
    cases[`transposed conv2d${end}`] = {
      f: (x, w) => tf.conv2dTranspose(t4(x), t4(w), [2, grown, grown, 4], stride, pad),
      shapes: [
        [2, 3, 3, 2],
        [3, 3, 4, 2],
      ],
    };
  }
  for (const stride of [1, 2])
    cases[`conv3d, ${pad}, stride ${String(stride)}`] = {
      f: (x, w) => tf.conv3d(t5(x), t5(w), stride, pad),
      shapes: [
        [2, 4, 3, 3, 2],
        [2, 3, 2, 2, 3],
      ],
    };
  return cases;
}

function pools(pad: Paddings): Record<string, Case> {
  const cases: Record<string, Case> = {};
  const windows: [number[], number, number][] = [
    [[1, 5, 5, 1], 2, 2],
    [[2, 5, 6, 3], 3, 2],
    [[2, 4, 4, 2], 3, 1],
  ];
  for (const [shape, filter, stride] of windows) {
    const end = ` of ${shape.join(" x ")}, ${pad}`;
    const volume = [shape[0], 3, 3, 4, shape[3]];
    for (const first of ["distinct", "negative"] as const) {
      cases[`max pool, ${first}${end}`] = {
        f: (x) => tf.maxPool(t4(x), filter, stride, pad),
        shapes: [shape],
        first,
      };
      cases[`max pool 3-D, ${first}, filter ${String(filter)}${end}`] = {
        f: (x) => tf.maxPool3d(t5(x), filter, stride, pad),
        shapes: [volume],
        first,
      };
    }
    cases[`average pool${end}`] = {
      f: (x) => tf.avgPool(t4(x), filter, stride, pad),
      shapes: [shape],
    };
    cases[`average pool 3-D, filter ${String(filter)}${end}`] = {
      f: (x) => tf.avgPool3d(t5(x), filter, stride, pad),
      shapes: [volume],
    };
  }
  return cases;
}

function resizes(batch: number): Record<string, Case> {
  const cases: Record<string, Case> = {};
  for (const [corners, centers] of [
    [false, false],
    [true, false],
    [false, true],
  ])
    for (const size of [
      [4, 6],
      [5, 7],
      [2, 2],
    ] as [number, number][])
      cases[
        `nearest of ${String(batch)} to ${size.join(" x ")}${corners ? ", corners" : ""}${centers ? ", centers" : ""}`
      ] = {
        f: (x) => tf.image.resizeNearestNeighbor(t4(x), size, corners, centers),
        shapes: [[batch, 3, 3, 2]],
      };
  return cases;
}

import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor3D, Tensor4D, Tensor5D } from "@tensorflow/tfjs";
import { type Numbers, numbers } from "../traced.ts";
import { type Case, type Cases, PIECEWISE } from "./case.ts";

type Pad = "valid" | "same";
const pads: readonly Pad[] = ["valid", "same"];
const t4 = (x: Tensor): Tensor4D => x as Tensor4D;
const t5 = (x: Tensor): Tensor5D => x as Tensor5D;

const convolutions = Object.fromEntries(
  pads.flatMap((pad) =>
    [1, 2, 3].flatMap((stride): [string, Case][] => {
      const end = `, ${pad}, stride ${stride}`;
      const grown = 3 * stride + (pad === "same" ? 0 : Math.max(3 - stride, 0));
      return [
        [
          `conv2d${end}`,
          {
            f: (x, w) => tf.conv2d(t4(x), t4(w), stride, pad),
            inputs: [numbers([2, 6, 5, 3]), numbers([3, 2, 3, 4], 2)],
          },
        ],
        [
          `depthwise conv2d${end}`,
          {
            f: (x, w) => tf.depthwiseConv2d(t4(x), t4(w), stride, pad),
            inputs: [numbers([2, 6, 5, 3]), numbers([3, 2, 3, 2], 2)],
          },
        ],
        [
          `transposed conv2d${end}`,
          {
            f: (x, w) => tf.conv2dTranspose(t4(x), t4(w), [2, grown, grown, 4], stride, pad),
            inputs: [numbers([2, 3, 3, 2]), numbers([3, 3, 4, 2], 2)],
          },
        ],
        [
          `conv1d${end}`,
          {
            f: (x, w) => tf.conv1d(x as Tensor3D, w as Tensor3D, stride, pad),
            inputs: [numbers([2, 7, 3]), numbers([3, 3, 2], 2)],
          },
        ],
        ...(stride === 3
          ? []
          : ([
              [
                `conv3d${end}`,
                {
                  f: (x, w) => tf.conv3d(t5(x), t5(w), stride, pad),
                  inputs: [numbers([2, 4, 3, 3, 2]), numbers([2, 3, 2, 2, 3], 2)],
                },
              ],
            ] as [string, Case][])),
      ];
    }),
  ),
);

const special: Cases = {
  "conv2d, padding 2": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 2, 2),
    inputs: [numbers([2, 4, 4, 3]), numbers([3, 3, 3, 2], 2)],
  },
  "conv2d, every side padded by itself": {
    f: (x, w) =>
      tf.conv2d(t4(x), t4(w), 1, [
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
    inputs: [numbers([1, 4, 4, 2]), numbers([3, 2, 2, 2], 2)],
  },
  "conv2d, 1 by 1": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "same"),
    inputs: [numbers([2, 3, 4, 2]), numbers([1, 1, 2, 3], 2)],
  },
  "conv2d, 1 by 1, stride 3": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 3, "valid"),
    inputs: [numbers([1, 8, 8, 2]), numbers([1, 1, 2, 2], 2)],
  },
  "conv2d, dilated": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 1, "same", "NHWC", 2),
    inputs: [numbers([2, 7, 6, 2]), numbers([3, 2, 2, 3], 2)],
  },
  "conv2d, channels first": {
    f: (x, w) => tf.conv2d(t4(x), t4(w), 2, "same", "NCHW"),
    inputs: [numbers([2, 3, 5, 5]), numbers([3, 3, 3, 2], 2)],
  },
  "depthwise conv2d, dilated": {
    f: (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 1, "valid", "NHWC", [2, 1]),
    inputs: [numbers([2, 7, 6, 2]), numbers([3, 2, 2, 1], 2)],
  },
  "separable conv2d": {
    f: (x, d, p) => tf.separableConv2d(t4(x), t4(d), t4(p), 1, "same"),
    inputs: [numbers([2, 5, 5, 2]), numbers([3, 3, 2, 2], 2), numbers([1, 1, 4, 3], 3)],
  },
  "fused conv2d": {
    f: (x, filter, bias) =>
      tf.fused.conv2d({
        x: t4(x),
        filter: t4(filter),
        bias,
        strides: 2,
        pad: "same",
        activation: "relu",
      }),
    inputs: [numbers([2, 5, 5, 2]), numbers([3, 3, 2, 3], 2), numbers([3], 3)],
  },
  "fused depthwise conv2d": {
    f: (x, filter, bias) =>
      tf.fused.depthwiseConv2d({
        x: t4(x),
        filter: t4(filter),
        bias,
        strides: 1,
        pad: "valid",
        activation: "elu",
      }),
    inputs: [numbers([2, 5, 5, 2]), numbers([3, 3, 2, 2], 2), numbers([4], 3)],
  },
};

/** Numbers that are all different by 0.5 at least, so that a small step changes no maximum. */
function distinct(shape: readonly number[], shift = 0): Numbers {
  const of = numbers(shape);
  const order = [...of.values.keys()].sort((i, j) => of.values[i] - of.values[j]);
  const values = new Float32Array(order.length);
  order.forEach((at, rank) => {
    values[at] = 0.5 * (rank + 1) + shift;
  });
  return { ...of, values };
}

const windows: readonly [readonly number[], number, number][] = [
  [[1, 5, 5, 1], 2, 2],
  [[2, 5, 6, 3], 3, 2],
  [[2, 4, 4, 2], 3, 1],
  [[1, 7, 7, 1], 2, 3],
];

const pooled = Object.fromEntries(
  pads.flatMap((pad) =>
    windows.flatMap(([shape, size, stride]): [string, Case][] => {
      const end = `, ${pad}, ${size} over ${shape.join(" x ")}`;
      const volume = [shape[0], 3, 3, 4, shape[3]];
      // tfjs lets windows of volumes begin inside where they are further apart than they are long.
      const volumes = pad === "valid" || stride <= size;
      const all: [string, Case][] = [
        [
          `max pool${end}`,
          { f: (x) => tf.maxPool(t4(x), size, stride, pad), inputs: [distinct(shape)] },
        ],
        [
          `max pool of negative numbers${end}`,
          {
            f: (x) => tf.maxPool(t4(x), size, stride, pad),
            inputs: [distinct(shape, -200)],
            gradient: PIECEWISE,
          },
        ],
        [
          `average pool${end}`,
          {
            f: (x) => tf.avgPool(t4(x), size, stride, pad),
            inputs: [numbers(shape)],
            gradient: PIECEWISE,
          },
        ],
        [
          `max pool 3-D${end}`,
          { f: (x) => tf.maxPool3d(t5(x), size, stride, pad), inputs: [distinct(volume)] },
        ],
        [
          `average pool 3-D${end}`,
          {
            f: (x) => tf.avgPool3d(t5(x), size, stride, pad),
            inputs: [numbers(volume)],
            gradient: PIECEWISE,
          },
        ],
      ];
      return all.filter(([name]) => volumes || !name.includes("3-D"));
    }),
  ),
);

const pools: Cases = {
  ...pooled,
  "max pool of equals": {
    f: (x) => tf.maxPool(t4(tf.round(x)), 3, 1, "same"),
    inputs: [numbers([1, 5, 5, 2])],
    gradient: "tfjs",
  },
  "max pool, padding 1": {
    f: (x) => tf.maxPool(t4(x), 3, 2, 1),
    inputs: [distinct([2, 5, 5, 2], -50)],
  },
  "average pool, padding 1": {
    f: (x) => tf.avgPool(t4(x), 3, 2, 1),
    inputs: [numbers([2, 5, 5, 2])],
    gradient: PIECEWISE,
  },
};

/** Maxima of sums, also where all of a window's are below 0. */
const dilations: Cases = Object.fromEntries(
  pads.flatMap((pad) =>
    (
      [
        [1, 1],
        [2, 1],
        [1, 2],
        [3, 2],
      ] as const
    ).map(([stride, apart]): [string, Case] => [
      `dilation, ${pad}, stride ${stride}, ${apart} apart`,
      {
        f: (x, w) => tf.dilation2d(t4(x), w as Tensor3D, stride, pad, apart),
        inputs: [distinct([2, 6, 5, 2], -50), numbers([2, 3, 2], 2)],
      },
    ]),
  ),
);

export const slidingWindows: Cases = { ...convolutions, ...special, ...pools, ...dilations };

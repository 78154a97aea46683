import type { Lowering, Lowerings } from "../lowering.ts";
import type { Shape } from "../node.ts";
import { convTranspose, div, pool, reshape } from "../ops/index.ts";
import { lowering } from "./call.ts";
import { maxPoolGradient } from "./max-pool-gradient.ts";
import {
  channelsBack,
  channelsFirst,
  kernelOf,
  placed,
  type Placed,
  planes,
  type Sliding,
} from "./windows.ts";

interface Pooling extends Sliding {
  readonly filterSize: number | readonly number[];
}

const pooled = (op: "MaxPool" | "AveragePool"): Lowering =>
  lowering<Pooling>((graph, { x }, pooling) => {
    const at = placedPool(x.shape, pooling);
    const result = pool(graph, op, channelsFirst(graph, x, pooling), {
      ...at.window,
      kernel: at.kernel,
    });
    return channelsBack(graph, result, pooling);
  });

const maxPoolGrad: Lowering = lowering<Pooling>((graph, { dy, input, output }, pooling) =>
  maxPoolGradient(graph, input, output, dy, placedPool(input.shape, pooling)),
);

/** ∂/∂x of a mean over n pixels: dy/n to each, where n counts the pixels that exist. */
const averagePoolGrad: Lowering = lowering<Pooling>((graph, { dy, input }, pooling) => {
  const at = placedPool(input.shape, pooling);
  const given = planes(graph, channelsFirst(graph, dy, pooling));
  const shares = div(graph, given, graph.literal(pixelCounts(at), at.output));
  const ones = graph.constant(1, [1, 1, ...at.kernel]);
  const images = convTranspose(graph, shares, ones, { ...at.window, groups: 1 }, at.input);
  const [batch, channels] = [input.shape[0], input.shape[input.shape.length - 1]];
  const whole = reshape(graph, images, [batch, channels, ...at.input]);
  return channelsBack(graph, whole, pooling);
});

/** Pools, and their gradients right at borders and for equals. */
export const pools: Lowerings = {
  MaxPool: pooled("MaxPool"),
  MaxPool3D: pooled("MaxPool"),
  MaxPoolGrad: maxPoolGrad,
  MaxPool3DGrad: maxPoolGrad,
  AvgPool: pooled("AveragePool"),
  AvgPool3D: pooled("AveragePool"),
  AvgPoolGrad: averagePoolGrad,
  AvgPool3DGrad: averagePoolGrad,
};

const placedPool = (shape: Shape, pooling: Pooling): Placed =>
  placed(shape, kernelOf(pooling.filterSize, shape.length - 2), pooling);

/** How many pixels each window sees. */
function pixelCounts({ kernel, input, output, window }: Placed): readonly number[] {
  const along = output.map((size, axis) =>
    steps(size, window.strides[axis]).map((start) => {
      const taps = steps(kernel[axis], window.dilations[axis]);
      const seen = taps.map((tap) => start + tap - window.padsBefore[axis]);
      return seen.filter((place) => place >= 0 && place < input[axis]).length;
    }),
  );
  return products(along);
}

const steps = (count: number, step: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i * step);

/** The product of every choice of one number per axis, the last axis running fastest. */
const products = (axes: readonly (readonly number[])[]): readonly number[] =>
  axes.reduce<readonly number[]>((done, axis) => done.flatMap((a) => axis.map((b) => a * b)), [1]);

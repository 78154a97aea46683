import type { Graph } from "../graph.ts";
import type { Lowering, Lowerings } from "../lowering.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import {
  argExtreme,
  cast,
  convTranspose,
  div,
  gather,
  logic,
  mul,
  pad,
  pool,
  reshape,
  stridesOf,
} from "../ops/index.ts";
import { counting, lowering } from "./call.ts";
import {
  channelsBack,
  channelsFirst,
  isChannelsFirst,
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

/** ∂/∂x of a maximum: dy to the first of the greatest that the window saw, as in tfjs. */
const maxPoolGrad: Lowering = lowering<Pooling>((graph, { dy, input }, pooling) => {
  const at = placedPool(input.shape, pooling);
  const [taps, pixels] = [sizeOf(at.kernel), sizeOf(at.output)];
  const seen = patches(graph, planes(graph, channelsFirst(graph, input, pooling)), at);
  const count = seen.shape[0];
  const winner = reshape(graph, argExtreme(graph, "ArgMax", seen, 1), [count, 1, pixels]);
  const hit = logic(graph, "Equal", winner, counting(graph, taps, [taps, 1]));
  const given = reshape(graph, channelsFirst(graph, dy, pooling), [count, 1, pixels]);
  const shares = mul(graph, cast(graph, hit, "float32"), given);
  const images = reshape(graph, shares, [count, taps, ...at.output]);
  return putBack(graph, images, tapFilters(graph, at), at, input.shape, pooling);
});

/** ∂/∂x of a mean over n pixels: dy/n to each, where n counts the pixels that exist. */
const averagePoolGrad: Lowering = lowering<Pooling>((graph, { dy, input }, pooling) => {
  const at = placedPool(input.shape, pooling);
  const given = planes(graph, channelsFirst(graph, dy, pooling));
  const shares = div(graph, given, graph.literal(pixelCounts(at), at.output));
  const ones = graph.constant(1, [1, 1, ...at.kernel]);
  return putBack(graph, shares, ones, at, input.shape, pooling);
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

/** Less than any number a window may see; finite, so that 0 times it is 0. */
const LOWEST = -3e38;

/** What every window sees, tap by tap: images [n, 1, …] in, [n, taps, output pixels] out. */
function patches(graph: Graph, images: Node, at: Placed): Node {
  const { padsBefore, padsAfter, strides, dilations } = at.window;
  const padded = pad(graph, images, [0, 0, ...padsBefore], [0, 0, ...padsAfter], LOWEST);
  const spatial = padded.shape.slice(2);
  const lines = stridesOf(spatial);
  const starts = sums(at.output.map((size, i) => steps(size, strides[i] * lines[i])));
  const offsets = sums(at.kernel.map((size, i) => steps(size, dilations[i] * lines[i])));
  const places = graph.literal(
    offsets.flatMap((offset) => starts.map((start) => start + offset)),
    [offsets.length, starts.length],
    "int32",
  );
  const flat = reshape(graph, padded, [padded.shape[0], sizeOf(spatial)]);
  return gather(graph, flat, places, 1);
}

/** Shares [n, taps, …] (or [n, 1, …] for all taps alike) added up where the windows took from; [batch, …, channels] out. */
function putBack(
  graph: Graph,
  shares: Node,
  filters: Node,
  at: Placed,
  shape: Shape,
  pooling: Pooling,
): Node {
  const images = convTranspose(graph, shares, filters, { ...at.window, groups: 1 }, at.input);
  const channels = shape[isChannelsFirst(pooling) ? 1 : shape.length - 1];
  const whole = reshape(graph, images, [shape[0], channels, ...at.input]);
  return channelsBack(graph, whole, pooling);
}

/** [taps, 1, kernel…]: filter t is 1 at tap t. */
function tapFilters(graph: Graph, { kernel }: Placed): Node {
  const taps = sizeOf(kernel);
  const values = Float32Array.from({ length: taps * taps }, (_, i) => Number(i % (taps + 1) === 0));
  return graph.literal(values, [taps, 1, ...kernel]);
}

/** How many pixels each window sees. */
function pixelCounts({ kernel, input, output, window }: Placed): readonly number[] {
  const along = output.map((size, axis) =>
    steps(size, window.strides[axis]).map((start) => {
      const taps = steps(kernel[axis], window.dilations[axis]);
      const seen = taps.map((tap) => start + tap - window.padsBefore[axis]);
      return seen.filter((place) => place >= 0 && place < input[axis]).length;
    }),
  );
  return combined(along, (a, b) => a * b, 1);
}

const steps = (count: number, step: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i * step);

const sums = (axes: readonly (readonly number[])[]): readonly number[] =>
  combined(axes, (a, b) => a + b, 0);

/** Every choice of one number per axis, the last axis running fastest, folded into one number. */
const combined = (
  axes: readonly (readonly number[])[],
  fold: (a: number, b: number) => number,
  start: number,
): readonly number[] =>
  axes.reduce<readonly number[]>(
    (done, axis) => done.flatMap((a) => axis.map((b) => fold(a, b))),
    [start],
  );

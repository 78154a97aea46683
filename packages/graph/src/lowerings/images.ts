import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowering, Lowerings } from "../lowering.ts";
import type { Node } from "../node.ts";
import { cast, matMul, reshape } from "../ops/index.ts";
import { lowering } from "./call.ts";

type Centers = Pick<tf.ResizeBilinearAttrs, "alignCorners" | "halfPixelCenters">;

/** Weights [out][in] of the input positions in each output position of one axis. */
type Weights = (input: number, output: number, centers: Centers) => readonly (readonly number[])[];

const resize = (weights: Weights): Lowering =>
  lowering<tf.ResizeBilinearAttrs>((graph, { images }, { size: [height, width], ...centers }) => {
    const [, rows, columns] = images.shape;
    const along = [weights(rows, height, centers), weights(columns, width, centers)] as const;
    return resampled(graph, images, ...along);
  });

const gradient = (weights: Weights): Lowering =>
  lowering<Centers>((graph, { images, dy }, centers) => {
    const [, rows, columns] = images.shape;
    const [, height, width] = dy.shape;
    const down = transposed(weights(rows, height, centers), rows);
    return resampled(graph, dy, down, transposed(weights(columns, width, centers), columns));
  });

/** Resizing mixes rows, then columns: two products, whose gradients are products with the transposed. */
export const images: Lowerings = {
  ResizeBilinear: resize(bilinear),
  ResizeBilinearGrad: gradient(bilinear),
  ResizeNearestNeighbor: resize(nearest),
  ResizeNearestNeighborGrad: gradient(nearest),
};

function resampled(
  graph: Graph,
  images: Node,
  rows: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
): Node {
  const [batch, height, width, channels] = images.shape;
  const matrix = (weights: readonly (readonly number[])[], inputs: number): Node =>
    graph.literal(weights.flat(), [weights.length, inputs]);
  const lines = reshape(graph, cast(graph, images, "float32"), [batch, height, width * channels]);
  const mixed = matMul(graph, matrix(rows, height), lines);
  const points = reshape(graph, mixed, [batch * rows.length, width, channels]);
  const result = matMul(graph, matrix(columns, width), points);
  return reshape(graph, result, [batch, rows.length, columns.length, channels]);
}

/** How many input positions one output position is wide. */
function scaleOf(input: number, output: number, { alignCorners }: Centers): number {
  const inset = alignCorners && output > 1 ? 1 : 0;
  return (input - inset) / (output - inset);
}

function bilinear(input: number, output: number, centers: Centers): readonly number[][] {
  const scale = scaleOf(input, output, centers);
  return Array.from({ length: output }, (_, o) => {
    const exact = centers.halfPixelCenters ? scale * (o + 0.5) - 0.5 : scale * o;
    const low = Math.max(0, Math.floor(exact));
    const high = Math.min(input - 1, Math.ceil(Math.max(0, exact)));
    const line = new Array<number>(input).fill(0);
    line[low] += 1 - (exact - low);
    line[high] += exact - low;
    return line;
  });
}

function nearest(input: number, output: number, centers: Centers): readonly number[][] {
  const scale = scaleOf(input, output, centers);
  return Array.from({ length: output }, (_, o) => {
    const exact = scale * (centers.halfPixelCenters ? o + 0.5 : o);
    const from = centers.alignCorners ? Math.round(exact) : Math.floor(exact);
    const line = new Array<number>(input).fill(0);
    line[Math.min(input - 1, from)] = 1;
    return line;
  });
}

const transposed = (
  weights: readonly (readonly number[])[],
  columns: number,
): readonly (readonly number[])[] =>
  Array.from({ length: columns }, (_, i) => weights.map((line) => line[i]));

import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import type { Node } from "../node.ts";
import {
  add,
  arithmetic,
  cast,
  gather,
  logic,
  matMul,
  mul,
  reshape,
  slice,
  sub,
  transpose,
  unary,
  where,
} from "../ops/index.ts";
import { lowering } from "./call.ts";

/** Where the numbers of a crop lie along one axis of the image, [boxes, size], and which are inside. */
interface Places {
  readonly at: Node;
  readonly isInside: Node;
}

/** Crops mix rows, then columns, each box with weights of its own: two products. */
export const crops: Lowerings = {
  CropAndResize: lowering<tf.CropAndResizeAttrs>(
    (
      graph,
      { image, boxes, boxInd },
      { cropSize: [height, width], method, extrapolationValue },
    ) => {
      const [, rows, columns, channels] = image.shape;
      const [many] = boxes.shape;
      const side = (i: number): Node => slice(graph, boxes, [0, i], [many, 1]);
      const down = placesOf(graph, side(0), side(2), height, rows);
      const across = placesOf(graph, side(1), side(3), width, columns);
      const chosen = gather(graph, cast(graph, image, "float32"), boxInd, 0);
      const lines = reshape(graph, chosen, [many, rows, columns * channels]);
      const low = matMul(graph, weights(graph, down, rows, method), lines);
      const cut = reshape(graph, low, [many, height, columns, channels]);
      const turned = reshape(graph, transpose(graph, cut, [0, 2, 1, 3]), [
        many,
        columns,
        height * channels,
      ]);
      const narrow = matMul(graph, weights(graph, across, columns, method), turned);
      const back = reshape(graph, narrow, [many, width, height, channels]);
      const result = transpose(graph, back, [0, 2, 1, 3]);
      const isInside = logic(
        graph,
        "And",
        reshape(graph, down.isInside, [many, height, 1, 1]),
        reshape(graph, across.isInside, [many, 1, width, 1]),
      );
      return where(graph, isInside, result, graph.constant(extrapolationValue));
    },
  ),
};

/** How far outside the image a place may come to lie by rounding. */
const ROUNDING = 1e-5;

function placesOf(graph: Graph, from: Node, to: Node, size: number, length: number): Places {
  const shares = Array.from({ length: size }, (_, i) => (size > 1 ? i / (size - 1) : 0.5));
  const along = mul(graph, sub(graph, to, from), graph.literal(shares, [1, size]));
  const at = mul(graph, add(graph, from, along), graph.constant(length - 1));
  const slack = ROUNDING * length;
  const isInside = logic(
    graph,
    "And",
    logic(graph, "GreaterOrEqual", at, graph.constant(-slack)),
    logic(graph, "LessOrEqual", at, graph.constant(length - 1 + slack)),
  );
  const least = arithmetic(graph, "Max", at, graph.constant(0));
  return { at: arithmetic(graph, "Min", least, graph.constant(length - 1)), isInside };
}

/** [boxes, size, length]: what each number of the axis counts in each of the crop's. */
function weights(
  graph: Graph,
  { at }: Places,
  length: number,
  method: "bilinear" | "nearest",
): Node {
  const exact =
    method === "nearest" ? unary(graph, "Floor", add(graph, at, graph.constant(0.5))) : at;
  const [many, size] = at.shape;
  const numbers = graph.literal(
    Array.from({ length }, (_, i) => i),
    [1, 1, length],
  );
  const column = reshape(graph, exact, [many, size, 1]);
  const apart = unary(graph, "Abs", sub(graph, column, numbers));
  return unary(graph, "Relu", sub(graph, graph.constant(1), apart));
}

import type * as tf from "@tensorflow/tfjs";
import type { Graph } from "../graph.ts";
import type { Lowerings } from "../lowering.ts";
import type { Node, Shape } from "../node.ts";
import { add, arithmetic, reshape, slice, stack, sum } from "../ops/index.ts";
import { lowering } from "./call.ts";
import { firstOfGreatest, places, putBack, taken } from "./taps.ts";
import { type Placed, placed, type Sliding } from "./windows.ts";

/** The greatest of x + filter in each window, and its gradients, which go to the first of the greatest, as in tfjs. */
export const dilations: Lowerings = {
  Dilation2D: lowering<tf.Dilation2DAttrs>((graph, { x, filter }, sliding) =>
    greatestOf(graph, sumsOf(graph, x, filter, windowOf(x, filter, sliding))),
  ),
  Dilation2DBackpropInput: lowering<tf.Dilation2DAttrs>((graph, { x, filter, dy }, sliding) => {
    const at = windowOf(x, filter, sliding);
    return putBack(graph, ...withGaps(graph, sharesOf(graph, x, filter, dy, at), at), x.shape);
  }),
  Dilation2DBackpropFilter: lowering<tf.Dilation2DAttrs>((graph, { x, filter, dy }, sliding) => {
    const at = windowOf(x, filter, sliding);
    const perTap = sharesOf(graph, x, filter, dy, at).map((share) => sum(graph, share, [0, 1, 2]));
    return reshape(graph, stack(graph, perTap, 0), filter.shape);
  }),
};

const windowOf = (x: Node, filter: Node, sliding: Sliding): Placed =>
  placed(x.shape, filter.shape.slice(0, 2), sliding);

/** x + filter, tap by tap. */
function sumsOf(graph: Graph, x: Node, filter: Node, at: Placed): readonly Node[] {
  const channels = filter.shape[2];
  const seen = taken(graph, x, at);
  return places(at.kernel).map((tap, i) => {
    const weight = slice(graph, filter, [...tap, 0], [1, 1, channels]);
    return add(graph, seen[i], reshape(graph, weight, [1, 1, 1, channels]));
  });
}

const greatestOf = (graph: Graph, sums: readonly Node[]): Node =>
  sums.reduce((a, b) => arithmetic(graph, "Max", a, b));

function sharesOf(graph: Graph, x: Node, filter: Node, dy: Node, at: Placed): readonly Node[] {
  const sums = sumsOf(graph, x, filter, at);
  return firstOfGreatest(graph, sums, greatestOf(graph, sums), dy);
}

/** A dilated window as one without gaps, whose taps in between are given nothing. */
function withGaps(
  graph: Graph,
  shares: readonly Node[],
  at: Placed,
): readonly [readonly Node[], Placed] {
  const { dilations } = at.window;
  if (dilations.every((by) => by === 1)) return [shares, at];
  const kernel: Shape = at.kernel.map((size, i) => (size - 1) * dilations[i] + 1);
  const nothing = graph.constant(0, shares[0].shape);
  const tapOf = new Map(
    places(at.kernel).map((tap, i) => [
      tap.map((place, j) => place * dilations[j]).join(),
      shares[i],
    ]),
  );
  const all = places(kernel).map((place) => tapOf.get(place.join()) ?? nothing);
  return [all, { ...at, kernel }];
}

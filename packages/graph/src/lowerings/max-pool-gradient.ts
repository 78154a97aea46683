import type { Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { firstOfGreatest, putBack, taken } from "./taps.ts";
import type { Placed } from "./windows.ts";

/**
 * ∂/∂x of a maximum over windows: dy to the first of the greatest that each window saw, as in tfjs.
 *
 * Tap by tap: what the tap sees is a slice with the window's steps, and a hit where it is the maximum and no tap before
 * it was. x [batch, …, channels], its maxima y and dy [batch, …, channels] in; the same as x out.
 */
export const maxPoolGradient = (graph: Graph, x: Node, y: Node, dy: Node, at: Placed): Node =>
  putBack(graph, firstOfGreatest(graph, taken(graph, x, at), y, dy), at, x.shape);

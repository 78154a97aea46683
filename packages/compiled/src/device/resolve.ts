import { type Graph, type Node, type NodeOf, sameShape, type Shape, sizeOf } from "@polytask/graph";
import { rewrite } from "./rewrite.ts";
import type { Segment } from "./segments.ts";

/**
 * The same values, where what is read of memories that lie in segments is read from these. After all passes, which take
 * a memory for one array; nothing is simplified, or pieces of segments would become pieces of memory again.
 */
export const resolve = (
  graph: Graph,
  outputs: readonly Node[],
  segmentsOf: (space: string) => readonly Segment[],
): readonly Node[] =>
  rewrite(graph, outputs, (node) =>
    node.op === "View" ? read(graph, node, segmentsOf(node.attributes.space)) : undefined,
  );

function read(graph: Graph, view: NodeOf<"View">, segments: readonly Segment[]): Node {
  const { at: from, space } = view.attributes;
  const to = from + sizeOf(view.shape);
  const parts: Node[] = [];
  let at = from;
  const host = (until: number): void => {
    if (until > at) parts.push(graph.view(space, at, [until - at], view.dtype));
    at = Math.max(at, until);
  };
  for (const segment of segments) {
    const end = Math.min(to, segment.at + segment.size);
    if (end <= at || segment.at >= to) continue;
    host(segment.at);
    const tensor = graph.view(segment.name, 0, segment.shape);
    if (segment.at === from && segment.size === to - from) return shaped(graph, tensor, view.shape);
    parts.push(piece(graph, tensor, at - segment.at, end - at));
    at = end;
  }
  if (parts.length === 0) return view;
  host(to);
  const size = [to - from];
  const whole =
    parts.length === 1 ? parts[0] : graph.emit("Concat", parts, { axis: 0 }, size, view.dtype);
  return shaped(graph, whole, view.shape);
}

function piece(graph: Graph, tensor: Node, from: number, size: number): Node {
  const flat = shaped(graph, tensor, [sizeOf(tensor.shape)]);
  return flat.shape[0] === size
    ? flat
    : graph.emit("Slice", [flat], { starts: [from], steps: [1] }, [size], flat.dtype);
}

const shaped = (graph: Graph, x: Node, shape: Shape): Node =>
  sameShape(x.shape, shape) ? x : graph.emit("Reshape", [x], null, shape, x.dtype);

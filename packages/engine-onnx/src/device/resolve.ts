import {
  ancestors,
  type Graph,
  type Node,
  type NodeOf,
  type Op,
  sameShape,
  type Shape,
  sizeOf,
} from "@polytask/graph";
import type { Segment } from "./segments.ts";

/**
 * The same values, where what is read of memories that lie in segments is read from these. After all passes, which take
 * a memory for one array; nothing is simplified, or pieces of segments would become pieces of memory again.
 */
export function resolve(
  graph: Graph,
  outputs: readonly Node[],
  segmentsOf: (space: string) => readonly Segment[],
): readonly Node[] {
  const made = new Map<Node, Node>();
  for (const node of ancestors(outputs)) {
    const inputs = node.inputs.map((input) => made.get(input) as Node);
    if (node.op === "View") made.set(node, read(graph, node, segmentsOf(node.attributes.space)));
    else if (inputs.every((input, i) => input === node.inputs[i])) made.set(node, node);
    else made.set(node, emit(graph, node, inputs));
  }
  return outputs.map((node) => made.get(node) as Node);
}

const emit = (graph: Graph, { op, attributes, shape, dtype }: Node, inputs: readonly Node[]) =>
  graph.emit<Op>(op, inputs, attributes, shape, dtype);

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

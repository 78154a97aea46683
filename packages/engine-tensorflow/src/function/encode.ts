import type { Value } from "@polytask/compiled/export";
import { ancestors, type Node, type NodeOf, sameShape, type Shape, sizeOf } from "@polytask/graph";
import { Emitter } from "./emitter.ts";
import { TENSORFLOW_OPS } from "./ops.ts";
import type { Attributes, FunctionDef, Ref } from "./proto.ts";

type View = NodeOf<"View">;

/** A graph as a function of TensorFlow. */
export interface EncodedFunction {
  readonly definition: FunctionDef;
  /** What its inputs read, in their order: each piece of memory once. */
  readonly inputs: readonly View[];
}

/** The outputs, of fixed shapes, as a function of the pieces of memory that they read; its results are in their order. */
export function encode(
  name: string,
  outputs: readonly Node[],
  attributes: Attributes = {},
): EncodedFunction {
  const to = new Emitter(() => {
    throw new Error("a function of fixed shapes asks for no batch");
  });
  const views = new Map<string, { readonly view: View; readonly ref: Ref }>();
  for (const value of ancestors(outputs)) {
    if (value.op === "View") to.define(value, read(to, views, value));
    else if (value.op !== "Constant") to.define(value, loweringOf(value.op)(to, value));
  }
  const inputs = [...views.values()];
  const definition: FunctionDef = {
    name,
    inputs: inputs.map(({ view, ref }) => ({ name: ref.node, dtype: view.dtype })),
    outputs: outputs.map((node, i) => ({ name: `y${i}`, dtype: node.dtype, of: to.ref(node) })),
    nodes: to.nodes,
    attributes,
  };
  return { definition, inputs: inputs.map(({ view }) => view) };
}

/** The table's entry; that it fits the value's own op, the compiler cannot see. */
export const loweringOf = (op: keyof typeof TENSORFLOW_OPS): ((to: Emitter, value: Value) => Ref) =>
  TENSORFLOW_OPS[op] as (to: Emitter, value: Value) => Ref;

function read(
  to: Emitter,
  views: Map<string, { readonly view: View; readonly ref: Ref }>,
  view: View,
): Ref {
  const { attributes, shape, dtype } = view;
  const piece = `${attributes.space}@${attributes.at}+${sizeOf(shape)} ${dtype}`;
  const known = views.get(piece) ?? { view, ref: { node: `x${views.size}` } };
  views.set(piece, known);
  return shapedAs(to, known.ref, known.view.shape, view);
}

const shapedAs = (to: Emitter, ref: Ref, from: Shape, { shape, dtype }: View): Ref =>
  sameShape(from, shape) ? ref : to.reshape(ref, shape, dtype);

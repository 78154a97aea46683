import type { Value, ValueOf } from "@polytask/compiled/export";
import { ancestors } from "@polytask/graph";
import { Emitter } from "./emitter.ts";
import { ONNX_OPS } from "./ops.ts";
import type { OnnxNode, OnnxTensor } from "./proto.ts";

/** A result of a model, by name. */
export interface NamedOutput<Of> {
  readonly name: string;
  readonly node: Of;
}

/** What a model reads. */
export interface Source {
  /** Names that nothing within the model may have: those of its inputs. */
  readonly names: readonly string[];
  /** The name under which a piece of memory is found. */
  readonly read: (view: ValueOf<"View">, to: Emitter) => string;
  /** Names an int64 [1] that holds the batch's size. Asked for where a length depends on it. */
  readonly batch: (to: Emitter) => string;
}

/** Nodes and initialisers that compute the outputs from what the source names. */
export function encodeBody(
  outputs: readonly NamedOutput<Value>[],
  source: Source,
): { readonly nodes: readonly OnnxNode[]; readonly initializers: readonly OnnxTensor[] } {
  const taken = [...source.names, ...outputs.map(({ name }) => name)];
  const values = ancestors(outputs.map(({ node }) => node));
  const to = new Emitter(values, taken, source.batch);
  for (const value of values) {
    if (value.op === "View") to.define(value, source.read(value, to));
    else if (value.op !== "Constant") to.define(value, encodingOf(value.op)(to, value));
  }
  return { nodes: nameOutputs(to, outputs), initializers: to.initializers };
}

/** The table's entry; that it fits the value's own op, the compiler cannot see. */
const encodingOf = (op: keyof typeof ONNX_OPS): ((to: Emitter, value: Value) => string) =>
  ONNX_OPS[op] as (to: Emitter, value: Value) => string;

/** Results under the names of the outputs: the first time by renaming, then (and for inputs and initialisers) by a copy. */
function nameOutputs(to: Emitter, outputs: readonly NamedOutput<Value>[]): readonly OnnxNode[] {
  const made = new Set(to.nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const { name, node } of outputs) {
    const inner = to.name(node);
    if (made.has(inner) && !renamed.has(inner)) renamed.set(inner, name);
    else copies.push({ op: "Identity", inputs: [inner], outputs: [name], attributes: {} });
  }
  const rename = (name: string): string => renamed.get(name) ?? name;
  return [...to.nodes, ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
}

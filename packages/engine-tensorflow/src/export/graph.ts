import {
  type Dim,
  fixedDims,
  type Inference,
  type InferenceInput,
  isFixed,
  type KnownMemory,
  pieceKey,
  product,
  sameDim,
  sameDims,
  type ValueOf,
} from "@polytask/compiled/export";
import { ancestors, type Shape, sizeOf } from "@polytask/graph";
import { Emitter, INDICES } from "../function/emitter.ts";
import { loweringOf } from "../function/encode.ts";
import type { Ref } from "../function/proto.ts";
import type { SavedModel, SignatureTensor } from "../function/saved-model.ts";
import { createNames } from "./names.ts";

type View = ValueOf<"View">;

/** A trainer's inference as a graph: columns are placeholders, everything else that is read is a constant of the graph. */
export function inferenceGraph({ inputs, outputs, memories, metadata }: Inference): SavedModel {
  const nameOf = createNames();
  const to: Emitter = new Emitter((emitter) => batchOf(emitter, placeholders[0]));
  const columns = new Map(
    [...inputs].map(([space, column]) => [space, placeholder(to, column, nameOf)] as const),
  );
  const placeholders = [...columns.values()];
  const constants = new Map<string, { readonly ref: Ref; readonly shape: Shape }>();

  const constant = (view: View, memory: KnownMemory): Ref => {
    const shape = fixedDims(view.shape);
    const [at] = fixedDims([view.attributes.at]);
    const key = pieceKey(at, sizeOf(shape));
    const place = `${view.attributes.space} ${key}`;
    const known = constants.get(place);
    if (known) {
      return sameDims(known.shape, shape) ? known.ref : to.reshape(known.ref, shape, "float32");
    }
    const own = memory.names.get(key);
    const name = own === undefined ? undefined : nameOf("variables", own);
    const ref = to.literal(memory.values.subarray(at, at + sizeOf(shape)), shape, "float32", name);
    constants.set(place, { ref, shape });
    return ref;
  };

  const read = (view: View): Ref => {
    const { space } = view.attributes;
    const [column, known] = [inputs.get(space), columns.get(space)];
    if (column && known) return columnPiece(to, view, column, known.of);
    const memory = memories.get(space);
    if (memory) return constant(view, memory);
    throw new Error(`nothing is known of the memory "${space}"`);
  };

  for (const value of ancestors(outputs.map(({ node }) => node))) {
    if (value.op === "View") to.define(value, read(value));
    else if (value.op !== "Constant") to.define(value, loweringOf(value.op)(to, value));
  }
  const results = outputs.map(({ name, node }): SignatureTensor => {
    const type = { T: { type: node.dtype } };
    const of = to.node("Identity", [to.ref(node)], type, nameOf("outputs", name));
    return { name, of, dtype: node.dtype, shape: openShape(node.shape) };
  });
  return { nodes: to.nodes, inputs: placeholders, outputs: results, metadata };
}

function placeholder(
  to: Emitter,
  { name, dtype, shape: dims }: InferenceInput,
  nameOf: ReturnType<typeof createNames>,
): SignatureTensor {
  const shape = openShape(dims);
  const attributes = { dtype: { type: dtype }, shape: { shape } };
  const of = to.node("Placeholder", [], attributes, nameOf("inputs", name));
  return { name, of, dtype, shape };
}

const openShape = (dims: readonly Dim[]): Shape => dims.map((dim) => (isFixed(dim) ? dim : -1));

/** The first length of a column, as a vector of one. */
function batchOf(to: Emitter, { of, dtype }: SignatureTensor): Ref {
  const shape = to.node("Shape", [of], { T: { type: dtype }, ...INDICES("out_type") });
  return to.strided(shape, [0], [1], [1], "int32");
}

/** A column as it is, in another shape, or a stretch of its numbers. */
function columnPiece(
  to: Emitter,
  view: View,
  { name, shape, dtype }: InferenceInput,
  of: Ref,
): Ref {
  if (sameDims(view.shape, shape)) return of;
  const [size, whole] = [product(view.shape), product(shape)];
  if (size === undefined || whole === undefined) {
    throw new Error(`a piece of column "${name}" grows faster than the batch`);
  }
  if (sameDim(size, whole)) return to.reshape(of, view.shape, dtype);
  const flat = to.reshape(of, [whole], dtype);
  return to.reshape(to.slice(flat, [view.attributes.at], [size], dtype), view.shape, dtype);
}

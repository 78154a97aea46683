import {
  fixedDims,
  type Inference,
  type InferenceInput,
  type KnownMemory,
  pieceKey,
  product,
  sameDim,
  sameDims,
  type ValueOf,
} from "@polytask/compiled/export";
import { sizeOf } from "@polytask/graph";
import type { Source } from "../onnx/body.ts";
import type { Emitter } from "../onnx/emitter.ts";

/** Columns are inputs, everything else that is read is known: initialisers under the variables' names. */
export function exportSource({ inputs: columns, outputs, memories }: Inference): Source {
  const inputs = [...columns.values()];
  // ONNX has one space of names: a variable that is named like a column or a task goes without its own.
  const taken = new Set([...inputs, ...outputs].map(({ name }) => name));
  const free = (name: string | undefined): string | undefined =>
    name === undefined || taken.has(name) ? undefined : name;
  const variables = [...memories.values()].flatMap(({ names }) => [...names.values()]);
  const pieces = new Map<string, { readonly name: string; readonly shape: readonly number[] }>();

  const initializer = (view: ValueOf<"View">, memory: KnownMemory, to: Emitter): string => {
    const shape = fixedDims(view.shape);
    const [at] = fixedDims([view.attributes.at]);
    const key = pieceKey(at, sizeOf(shape));
    const place = `${view.attributes.space} ${key}`;
    const known = pieces.get(place);
    if (known) return sameDims(known.shape, shape) ? known.name : to.reshape(known.name, shape);
    const values = memory.values.subarray(at, at + sizeOf(shape));
    const name = to.tensor(values, shape, "float32", free(memory.names.get(key)));
    pieces.set(place, { name, shape });
    return name;
  };

  return {
    names: [...inputs.map(({ name }) => name), ...variables],
    read: (view, to) => {
      const { space } = view.attributes;
      const column = columns.get(space);
      if (column) return columnPiece(view, column, to);
      const memory = memories.get(space);
      if (memory) return initializer(view, memory, to);
      throw new Error(`nothing is known of the memory "${space}"`);
    },
    batch: (to) => to.node("Shape", [inputs[0].name], { start: 0, end: 1 }),
  };
}

/** A column as it is, in another shape, or a stretch of its numbers. */
function columnPiece(view: ValueOf<"View">, column: InferenceInput, to: Emitter): string {
  if (sameDims(view.shape, column.shape)) return column.name;
  const [size, whole] = [product(view.shape), product(column.shape)];
  if (size === undefined || whole === undefined) {
    throw new Error(`a piece of column "${column.name}" grows faster than the batch`);
  }
  if (sameDim(size, whole)) return to.reshape(column.name, view.shape);
  const flat = to.reshape(column.name, [whole]);
  const cut = { starts: [view.attributes.at], shape: [size], steps: [1] };
  return to.reshape(to.slice(flat, [whole], cut), view.shape);
}

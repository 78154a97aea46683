import {
  type Attributes,
  type DType,
  type Node,
  type NodeOf,
  type Op,
  type Shape,
  sizeOf,
} from "./node.ts";

/** A growing set of values, each made once: two nodes with one op, operands and attributes are the same node. */
export class Graph {
  readonly #made = new Map<string, Node>();
  #next = 0;

  /** How many nodes were made, live or not. */
  get size(): number {
    return this.#next;
  }

  /** The node itself, unsimplified; the functions of `ops/` simplify first. */
  emit<O extends Op>(
    op: O,
    inputs: readonly Node[],
    attributes: Attributes[O],
    shape: Shape,
    dtype: DType,
  ): Node {
    const key = keyOf(op, inputs, attributes, shape, dtype);
    const known = key === undefined ? undefined : this.#made.get(key);
    if (known) return known;
    const node: NodeOf<O> = { id: this.#next++, op, inputs, attributes, shape, dtype };
    if (key !== undefined) this.#made.set(key, node as Node);
    return node as Node;
  }

  /** A piece of a memory. */
  view(space: string, at: number, shape: Shape, dtype: DType = "float32"): Node {
    return this.emit("View", [], { space, at }, shape, dtype);
  }

  /** One number, everywhere. */
  constant(value: number, shape: Shape = [], dtype: DType = "float32"): Node {
    return this.emit("Constant", [], { value: normal(value, dtype) }, shape, dtype);
  }

  /** Known numbers; a Constant where they are all the same. */
  literal(values: ArrayLike<number>, shape: Shape, dtype: DType = "float32"): Node {
    const first = values[0];
    let uniform = values.length > 0;
    for (let i = 1; uniform && i < values.length; i++) uniform = Object.is(values[i], first);
    if (uniform) return this.constant(first, shape, dtype);
    return this.emit("Literal", [], { values: typed(values, dtype) }, shape, dtype);
  }
}

/** Literals up to this many numbers are compared by value. */
const COMPARED = 4096;

function keyOf<O extends Op>(
  op: O,
  inputs: readonly Node[],
  attributes: Attributes[O],
  shape: Shape,
  dtype: DType,
): string | undefined {
  let key = `${op} ${dtype} ${shape.join()} `;
  for (const { id } of inputs) key += `${id},`;
  if (attributes === null) return key;
  if (op === "Literal") {
    const { values } = attributes as Attributes["Literal"];
    return sizeOf(shape) > COMPARED ? undefined : key + Array.from(values, textOf).join();
  }
  if (op === "Constant") return key + textOf((attributes as Attributes["Constant"]).value);
  return key + JSON.stringify(attributes, op === "Pad" ? exact : undefined);
}

/** JSON has neither −0 nor numbers that are not finite; only what is padded with may be one. */
const exact = (_: string, value: unknown): unknown =>
  typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))
    ? textOf(value)
    : value;

const textOf = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

const normal = (value: number, dtype: DType): number =>
  dtype === "float32"
    ? Math.fround(value)
    : dtype === "bool"
      ? Number(value !== 0)
      : Math.trunc(value);

function typed(values: ArrayLike<number>, dtype: DType): Float32Array | Int32Array | Uint8Array {
  if (dtype === "float32") return Float32Array.from(values);
  return dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values);
}

/** Whether a node is one number everywhere; which number. */
export const constantOf = (node: Node): number | undefined =>
  node.op === "Constant" ? node.attributes.value : undefined;

/** Everything the given nodes depend on, themselves included, in the order of ids: operands first. */
export function ancestors<
  Of extends { readonly id: number; readonly inputs: readonly Of[] } = Node,
>(outputs: readonly Of[]): readonly Of[] {
  const seen = new Set<Of>();
  const stack = [...outputs];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

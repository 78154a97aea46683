import {
  areFixed,
  type Dim,
  isFixed,
  type PerExample,
  plus,
  sameDim,
  times,
  type Value,
} from "@polytask/compiled/export";
import type { DType } from "@polytask/graph";
import {
  DATA_TYPE,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
} from "./proto.ts";

type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Before the first element, as the end of a Slice that goes backwards: −1 would be counted from the end. */
const BEFORE_FIRST = -(2 ** 40);

/** Collects the nodes and initialisers of a model; knows under which name a value of the graph is found. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Map<Value, string>();
  readonly #shared = new Map<string, string>();
  readonly #taken: ReadonlySet<string>;
  readonly #batch: (to: Emitter) => string;
  readonly #checked: ReadonlySet<string>;
  #made = 0;

  /**
   * `values`: all that will be encoded. `taken`: names of inputs and outputs. `batch`: names an int64 [1] that holds the
   * batch's size, where one is needed.
   */
  constructor(values: readonly Value[], taken: Iterable<string>, batch: (to: Emitter) => string) {
    this.#taken = new Set(taken);
    this.#batch = batch;
    this.#checked = new Set(
      values.flatMap((value) => {
        if (value.op !== "Gather") return [];
        const [data, indices] = value.inputs;
        const rows = data.shape[value.attributes.axis];
        return isFixed(rows) ? [`${rows} ${sourceOf(indices)}`] : [];
      }),
    );
  }

  /** Whether a Gather of this model has looked up the same indices in as many rows: it refuses those out of range. */
  isChecked(indices: Value, rows: number): boolean {
    return this.#checked.has(`${rows} ${sourceOf(indices)}`);
  }

  define(value: Value, name: string): void {
    this.#names.set(value, name);
  }

  /** The name of a value that has been encoded; of a constant, in its full shape. */
  name(value: Value): string {
    const name = this.#names.get(value);
    if (name !== undefined) return name;
    if (value.op !== "Constant")
      throw new Error(`${value.op} ${value.id} comes before its operand`);
    const made = this.filled(value.attributes.value, value.shape, value.dtype);
    this.#names.set(value, made);
    return made;
  }

  /** Adds a node with one output; its name. */
  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    const name = this.fresh(op);
    this.nodes.push({ op, inputs, outputs: [name], attributes });
    return name;
  }

  /** Adds a node with several outputs; their names. */
  split(
    op: string,
    inputs: readonly string[],
    attributes: OnnxAttributes,
    count: number,
  ): readonly string[] {
    const outputs = Array.from({ length: count }, () => this.fresh(op));
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  /** What several values need is made once. */
  shared(key: string, make: () => string): string {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#shared.set(key, name);
    return name;
  }

  /** Known numbers as an initialiser. */
  tensor(
    values: ArrayLike<number>,
    shape: readonly number[],
    type: OnnxType,
    name: string = this.fresh(type),
  ): string {
    this.initializers.push({ name, type, shape, bytes: bytesOf(values, type) });
    return name;
  }

  /** One number, of rank 0. */
  scalar(value: number, type: DType): string {
    const key = `${type} ${Object.is(value, -0) ? "-0" : String(value)}`;
    return this.shared(key, () => this.tensor([value], [], type));
  }

  /** The same number throughout. */
  filled(value: number, shape: readonly Dim[], type: DType): string {
    if (shape.length === 0) return this.scalar(value, type);
    const one = { name: "value", type, shape: [1], bytes: bytesOf([value], type) };
    return this.node("ConstantOfShape", [this.int64(shape)], { value: one });
  }

  /** Lengths, axes or places as an int64 vector, computed from the batch where one of them depends on it. */
  int64(values: readonly Dim[]): string {
    const key = values.map((dim) => (isFixed(dim) ? dim : `${dim.perExample}b${dim.plus}`));
    return this.shared(`int64 ${key.join()}`, () => {
      if (areFixed(values)) return this.tensor(values, [values.length], "int64");
      const pieces = values.map((dim) => (isFixed(dim) ? this.int64([dim]) : this.perBatch(dim)));
      return pieces.length === 1 ? pieces[0] : this.node("Concat", pieces, { axis: 0 });
    });
  }

  /** The same numbers in another shape; a single length that depends on the batch is left to the runtime. */
  reshape(name: string, shape: readonly Dim[]): string {
    const open = shape.filter((dim) => !isFixed(dim)).length;
    const target = open === 1 ? shape.map((dim) => (isFixed(dim) ? dim : -1)) : shape;
    return this.node("Reshape", [name, this.int64(target)]);
  }

  /** name[starts + steps·i] for i below `shape`, of a tensor of shape `whole`. */
  slice(
    name: string,
    whole: readonly Dim[],
    {
      starts,
      shape,
      steps,
    }: {
      readonly starts: readonly Dim[];
      readonly shape: readonly Dim[];
      readonly steps: readonly number[];
    },
  ): string {
    const cut = shape.flatMap((size, axis) =>
      steps[axis] === 1 && sameDim(size, whole[axis]) ? [] : [axis],
    );
    const ends = cut.map((axis) => {
      const end = plus(starts[axis], times(shape[axis], steps[axis]));
      return isFixed(end) && end < 0 ? BEFORE_FIRST : end;
    });
    const vectors = [cut.map((axis) => starts[axis]), ends, cut, cut.map((axis) => steps[axis])];
    return this.node("Slice", [name, ...vectors.map((vector) => this.int64(vector))]);
  }

  cast(name: string, type: OnnxType): string {
    return this.node("Cast", [name], { to: DATA_TYPE[type] });
  }

  private perBatch({ perExample, plus: offset }: PerExample): string {
    const batch = this.shared("batch", () => this.#batch(this));
    const scaled = perExample === 1 ? batch : this.node("Mul", [batch, this.int64([perExample])]);
    return offset === 0 ? scaled : this.node("Add", [scaled, this.int64([offset])]);
  }

  private fresh(hint: string): string {
    let name: string;
    do name = `${hint}_${this.#made++}`;
    while (this.#taken.has(name));
    return name;
  }
}

/** The same for values that hold the same numbers in another shape. */
function sourceOf(value: Value): string {
  if (value.op === "Reshape") return sourceOf(value.inputs[0]);
  if (value.op !== "View") return String(value.id);
  return `${value.attributes.space}@${JSON.stringify(value.attributes.at)}`;
}

/** Numbers as ONNX stores them: little-endian, as is every machine that Node.js runs on but one. */
function bytesOf(values: ArrayLike<number>, type: OnnxType): Uint8Array {
  const array = typed(values, type);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function typed(
  values: ArrayLike<number>,
  type: OnnxType,
): Float32Array | Int32Array | Uint8Array | BigInt64Array {
  switch (type) {
    case "float32":
      return values instanceof Float32Array ? values : Float32Array.from(values);
    case "int32":
      return values instanceof Int32Array ? values : Int32Array.from(values);
    case "int64":
      return BigInt64Array.from(values, (value) => BigInt(value));
    case "bool":
      return values instanceof Uint8Array ? values : Uint8Array.from(values);
  }
}

import {
  areFixed,
  type Dim,
  isFixed,
  type PerExample,
  sameDims,
  type Value,
} from "@polytask/compiled/export";
import { type DType, type Shape, sizeOf } from "@polytask/graph";
import type { Attributes, NodeDef, Ref } from "./proto.ts";
import { resultOf } from "./results.ts";

/** Collects the nodes of a function or a graph; knows under which reference a value of the graph is found. */
export class Emitter {
  readonly nodes: NodeDef[] = [];
  readonly #refs = new Map<Value, Ref>();
  readonly #shared = new Map<string, Ref>();
  readonly #batch: (to: Emitter) => Ref;

  /** `batch`: an int32 [1] that holds the batch's size. Asked for where a length depends on it. */
  constructor(batch: (to: Emitter) => Ref) {
    this.#batch = batch;
  }

  define(value: Value, ref: Ref): void {
    this.#refs.set(value, ref);
  }

  /** A value that has been emitted; a constant, in its full shape. */
  ref(value: Value): Ref {
    const ref = this.#refs.get(value);
    if (ref) return ref;
    if (value.op !== "Constant")
      throw new Error(`${value.op} ${value.id} comes before its operand`);
    const made = this.filled(value.attributes.value, value.shape, value.dtype);
    this.#refs.set(value, made);
    return made;
  }

  /** Adds a node; its first result. */
  node(
    op: string,
    inputs: readonly Ref[],
    attributes: Attributes = {},
    name = `n${this.nodes.length}`,
  ): Ref {
    this.nodes.push({ name, op, inputs, attributes });
    return { node: name, result: resultOf(op), index: 0 };
  }

  /** What several values need is made once. */
  shared(key: string, make: () => Ref): Ref {
    const known = this.#shared.get(key);
    if (known) return known;
    const ref = make();
    this.#shared.set(key, ref);
    return ref;
  }

  /** Known numbers. */
  literal(
    values: Float32Array | Int32Array | Uint8Array,
    shape: Shape,
    dtype: DType,
    name?: string,
  ): Ref {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const value: Attributes = {
      dtype: { type: dtype },
      value: { tensor: { dtype, shape, content } },
    };
    return this.node("Const", [], value, name);
  }

  /** The same number throughout. */
  filled(value: number, shape: readonly Dim[], dtype: DType): Ref {
    if (!areFixed(shape)) {
      const type: Attributes = { T: { type: dtype }, ...INDICES("index_type") };
      return this.node("Fill", [this.lengths(shape), this.scalar(value, dtype)], type);
    }
    const key = `${dtype} ${Object.is(value, -0) ? "-0" : String(value)} ${shape.join()}`;
    return this.shared(key, () =>
      this.node("Const", [], {
        dtype: { type: dtype },
        value: { tensor: { dtype, shape, content: value } },
      }),
    );
  }

  scalar(value: number, dtype: DType): Ref {
    return this.filled(value, [], dtype);
  }

  /** Lengths, axes or places. */
  ints(values: readonly number[]): Ref {
    return this.shared(`ints ${values.join()}`, () =>
      this.literal(Int32Array.from(values), [values.length], "int32"),
    );
  }

  /** The same, computed from the batch where one of them depends on it. */
  lengths(values: readonly Dim[]): Ref {
    if (areFixed(values)) return this.ints(values);
    return this.shared(`lengths ${JSON.stringify(values)}`, () => {
      const pieces = values.map((dim) => (isFixed(dim) ? this.ints([dim]) : this.perBatch(dim)));
      return this.concat(pieces, 0, "int32");
    });
  }

  cast(x: Ref, from: DType, to: DType): Ref {
    if (from === to) return x;
    return this.node("Cast", [x], {
      SrcT: { type: from },
      DstT: { type: to },
      Truncate: { bool: false },
    });
  }

  /** The same numbers in another shape; a single length that depends on the batch is left to TensorFlow. */
  reshape(x: Ref, shape: readonly Dim[], dtype: DType): Ref {
    const open = shape.filter((dim) => !isFixed(dim)).length;
    const target = open === 1 ? shape.map((dim) => (isFixed(dim) ? dim : -1)) : shape;
    return this.node("Reshape", [x, this.lengths(target)], {
      T: { type: dtype },
      ...INDICES("Tshape"),
    });
  }

  transpose(x: Ref, perm: readonly number[], dtype: DType): Ref {
    return this.node("Transpose", [x, this.ints(perm)], {
      T: { type: dtype },
      ...INDICES("Tperm"),
    });
  }

  slice(x: Ref, begin: readonly Dim[], size: readonly Dim[], dtype: DType): Ref {
    return this.node("Slice", [x, this.lengths(begin), this.lengths(size)], {
      T: { type: dtype },
      ...INDICES("Index"),
    });
  }

  /** x[begin, begin + step, …, end); `open` names axes, bit by bit, of which the begin or the end does not count. */
  strided(
    x: Ref,
    begin: readonly number[],
    end: readonly number[],
    steps: readonly number[],
    dtype: DType,
    open: { readonly begin?: number; readonly end?: number } = {},
  ): Ref {
    return this.node("StridedSlice", [x, this.ints(begin), this.ints(end), this.ints(steps)], {
      T: { type: dtype },
      ...INDICES("Index"),
      begin_mask: { int: open.begin ?? 0 },
      end_mask: { int: open.end ?? 0 },
      ellipsis_mask: { int: 0 },
      new_axis_mask: { int: 0 },
      shrink_axis_mask: { int: 0 },
    });
  }

  concat(parts: readonly Ref[], axis: number, dtype: DType): Ref {
    if (parts.length === 1) return parts[0];
    return this.node("ConcatV2", [...parts, this.scalar(axis, "int32")], {
      N: { int: parts.length },
      T: { type: dtype },
      ...INDICES("Tidx"),
    });
  }

  pad(x: Ref, pads: readonly (readonly [Dim, Dim])[], value: number, dtype: DType): Ref {
    const paddings = this.shared(`pads ${JSON.stringify(pads)}`, () => {
      const all = pads.flat();
      return areFixed(all)
        ? this.literal(Int32Array.from(all), [pads.length, 2], "int32")
        : this.reshape(this.lengths(all), [pads.length, 2], "int32");
    });
    return this.node("PadV2", [x, paddings, this.scalar(value, dtype)], {
      T: { type: dtype },
      ...INDICES("Tpaddings"),
    });
  }

  /** Adds up, or takes the extreme of, some axes, which disappear. */
  reduce(op: "Sum" | "Max" | "Min" | "Prod", x: Ref, axes: readonly number[], dtype: DType): Ref {
    return this.node(op, [x, this.ints(axes)], {
      T: { type: dtype },
      ...INDICES("Tidx"),
      keep_dims: { bool: false },
    });
  }

  binary(op: string, a: Ref, b: Ref, dtype: DType): Ref {
    return this.node(op, [a, b], { T: { type: dtype } });
  }

  /** Products of matrices, leading axes broadcast, each operand turned or not. */
  matMul(
    a: Ref,
    b: Ref,
    ranks: readonly [number, number],
    turned: readonly [boolean, boolean] = [false, false],
    dtype: DType = "float32",
  ): Ref {
    const type: Attributes = { T: { type: dtype } };
    if (ranks[0] === 2 && ranks[1] === 2) {
      return this.node("MatMul", [a, b], {
        ...type,
        transpose_a: { bool: turned[0] },
        transpose_b: { bool: turned[1] },
      });
    }
    return this.node("BatchMatMulV2", [a, b], {
      ...type,
      adj_x: { bool: turned[0] },
      adj_y: { bool: turned[1] },
    });
  }

  private perBatch({ perExample, plus }: PerExample): Ref {
    const batch = this.shared("batch", () => this.#batch(this));
    const scaled =
      perExample === 1 ? batch : this.binary("Mul", batch, this.ints([perExample]), "int32");
    return plus === 0 ? scaled : this.binary("AddV2", scaled, this.ints([plus]), "int32");
  }
}

/** The type of lengths, axes and places is always int32. */
export const INDICES = (name: string): Attributes => ({ [name]: { type: "int32" } });

/** Whether a constant may stand for itself as one number: another operand has the result's shape. */
export const broadcasts = ({ inputs, shape }: Value): boolean =>
  !(areFixed(shape) && sizeOf(shape) <= 1) &&
  inputs.some((input) => input.op !== "Constant" && sameDims(input.shape, shape));

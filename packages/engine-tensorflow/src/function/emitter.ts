import { type DType, type Node, type Shape, sameShape, sizeOf } from "@polytask/graph";
import type { Attributes, NodeDef, Ref } from "./proto.ts";
import { resultOf } from "./results.ts";

/** Collects the nodes of a function; knows under which reference a value of the graph is found. */
export class Emitter {
  readonly nodes: NodeDef[] = [];
  readonly #refs = new Map<Node, Ref>();
  readonly #shared = new Map<string, Ref>();

  define(value: Node, ref: Ref): void {
    this.#refs.set(value, ref);
  }

  /** A value that has been emitted; a constant, in its full shape. */
  ref(value: Node): Ref {
    const ref = this.#refs.get(value);
    if (ref) return ref;
    if (value.op !== "Constant")
      throw new Error(`${value.op} ${value.id} comes before its operand`);
    const made = this.filled(value.attributes.value, value.shape, value.dtype);
    this.#refs.set(value, made);
    return made;
  }

  /** Adds a node; the result at that place among its results. */
  node(op: string, inputs: readonly Ref[], attributes: Attributes = {}, place = 0): Ref {
    const name = `n${this.nodes.length}`;
    this.nodes.push({ name, op, inputs, attributes });
    return { node: name, ...resultOf(op, place) };
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
  literal(values: Float32Array | Int32Array | Uint8Array, shape: Shape, dtype: DType): Ref {
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.node("Const", [], {
      dtype: { type: dtype },
      value: { tensor: { dtype, shape, content } },
    });
  }

  /** The same number throughout. */
  filled(value: number, shape: Shape, dtype: DType): Ref {
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

  cast(x: Ref, from: DType, to: DType): Ref {
    if (from === to) return x;
    return this.node("Cast", [x], {
      SrcT: { type: from },
      DstT: { type: to },
      Truncate: { bool: false },
    });
  }

  reshape(x: Ref, shape: Shape, dtype: DType): Ref {
    return this.node("Reshape", [x, this.ints(shape)], {
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

  slice(x: Ref, begin: readonly number[], size: readonly number[], dtype: DType): Ref {
    return this.node("Slice", [x, this.ints(begin), this.ints(size)], {
      T: { type: dtype },
      ...INDICES("Index"),
    });
  }

  /** x[begin, begin + step, …, end); `open` names axes, bit by bit, of which the end does not count. */
  strided(
    x: Ref,
    begin: readonly number[],
    end: readonly number[],
    steps: readonly number[],
    dtype: DType,
    open = 0,
  ): Ref {
    return this.node("StridedSlice", [x, this.ints(begin), this.ints(end), this.ints(steps)], {
      T: { type: dtype },
      ...INDICES("Index"),
      begin_mask: { int: 0 },
      end_mask: { int: open },
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

  pad(x: Ref, pads: readonly (readonly [number, number])[], value: number, dtype: DType): Ref {
    const paddings = this.shared(`pads ${pads.join()}`, () =>
      this.literal(Int32Array.from(pads.flat()), [pads.length, 2], "int32"),
    );
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
}

/** The type of lengths, axes and places is always int32. */
export const INDICES = (name: string): Attributes => ({ [name]: { type: "int32" } });

/** Whether a constant may stand for itself as one number: another operand has the result's shape. */
export const broadcasts = ({ inputs, shape }: Node): boolean =>
  sizeOf(shape) > 1 &&
  inputs.some((input) => input.op !== "Constant" && sameShape(input.shape, shape));

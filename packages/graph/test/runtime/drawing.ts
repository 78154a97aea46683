import { type DType, Graph, type Node, type Shape, sizeOf } from "@polytask/graph";
import fc from "fast-check";
import type { Values } from "../evaluate.ts";

const numbersBelow = (last: number, size: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: last }), { minLength: size, maxLength: size });

/** A graph being drawn: nodes whose memories are filled as they are made. */
export class Drawing {
  readonly graph: Graph = new Graph();
  readonly #draw: fc.GeneratorValue;
  readonly #spaces = new Map<string, Values>();

  constructor(draw: fc.GeneratorValue) {
    this.#draw = draw;
  }

  readonly memory = (space: string): Values => {
    const values = this.#spaces.get(space);
    if (values) return values;
    throw new Error(`no space ${space}`);
  };

  whole(min: number, max: number): number {
    return this.#draw(fc.integer, { min, max });
  }

  flag(): boolean {
    return this.#draw(fc.boolean);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.whole(0, items.length - 1)];
  }

  dtype(): DType {
    return this.pick(["float32", "int32", "bool"]);
  }

  shape(minRank = 0, maxRank = 4): Shape {
    return Array.from({ length: this.whole(minRank, maxRank) }, () => this.whole(1, 4));
  }

  /** A new input of whole and half numbers within bounds; bools are 0 or 1. */
  input(shape: Shape, dtype: DType = "float32", min = -3, max = 3): Node {
    const size = sizeOf(shape);
    const space = `memory/${this.#spaces.size}`;
    // Ties and exact halves occur; the float grid keeps away from nothing else.
    const from = (count: number): number[] => this.#draw(numbersBelow, count, size);
    const numbers =
      dtype === "bool"
        ? Uint8Array.from(from(1))
        : dtype === "int32"
          ? Int32Array.from(from(max - min), (i) => min + i)
          : Float32Array.from(from(8 * (max - min)), (i) => min + i / 8);
    this.#spaces.set(space, numbers);
    return this.graph.view(space, 0, shape, dtype);
  }

  /** A shape that broadcasts to the given one, with it. */
  narrower(shape: Shape): Shape {
    const cut = this.whole(0, shape.length);
    return shape.slice(cut).map((size) => (this.flag() ? size : 1));
  }

  /** Two operands that broadcast against one another; one may be a constant. */
  pair(dtype: DType = "float32", min = -3, max = 3): readonly [Node, Node] {
    const shape = this.shape();
    const a = this.input(this.narrower(shape), dtype, min, max);
    const value = dtype === "bool" ? 1 : Math.max(min, 2);
    const b = this.flag()
      ? this.input(this.narrower(shape), dtype, min, max)
      : this.graph.constant(value, this.narrower(shape), dtype);
    return this.flag() ? [a, b] : [b, a];
  }
}

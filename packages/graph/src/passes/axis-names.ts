import type { Shape } from "../node.ts";
import type { Label } from "./contraction.ts";

/** What one axis of a node is made of: names of longer axes, in order; none for an axis of length 1. */
export type Group = readonly Label[];

/**
 * Names that axes of different values have in common. An axis may turn out to be made of several, and two names to mean
 * the same axis: what was written down with the old names is read with `expand`.
 */
export class AxisNames {
  readonly #lengths: number[] = [];
  /** What a name stands for now. */
  readonly #parts = new Map<Label, Group>();

  /** The first name is that of the examples. */
  constructor(examples: number) {
    this.fresh(examples);
  }

  fresh(length: number): Label {
    return this.#lengths.push(length) - 1;
  }

  readonly lengthOf = (label: Label): number => this.#lengths[label];

  readonly shapeOf = (labels: Group): Shape => labels.map(this.lengthOf);

  expand(labels: Group): Group {
    return labels.flatMap((label) => {
      const parts = this.#parts.get(label);
      return parts ? this.expand(parts) : [label];
    });
  }

  /** Names in order as the axes of a shape, split where a shape asks for it; undefined where no axis would be a whole number of them. */
  regroup(labels: Group, shape: Shape): readonly Group[] | undefined {
    let rest = [...this.expand(labels)];
    const axes: Group[] = [];
    for (const size of shape) {
      const group: Label[] = [];
      for (let missing = size; missing > 1;) {
        if (rest.length === 0) return undefined;
        let [first] = rest;
        if (missing % this.lengthOf(first) !== 0) {
          const split = this.#split(first, missing);
          if (!split) return undefined;
          rest = [...split, ...rest.slice(1)];
          [first] = rest;
        }
        group.push(first);
        missing /= this.lengthOf(first);
        rest.shift();
      }
      axes.push(group);
    }
    return rest.length > 0 ? undefined : axes.map((group) => this.expand(group));
  }

  /**
   * Makes two groups of the same axis the same names; false where that is not possible. `together`: whether two names
   * belong to different axes of some value.
   */
  unify(a: Group, b: Group, together: (p: Label, q: Label) => boolean): boolean {
    const [p, q] = [[...this.expand(a)], [...this.expand(b)]];
    while (p.length > 0 && q.length > 0) {
      const [first, other] = [p[0], q[0]];
      const [m, n] = [this.lengthOf(first), this.lengthOf(other)];
      if (m === n) {
        if (first !== other) {
          if (together(first, other)) return false;
          // The older name stays: the one of the examples is the first.
          this.#parts.set(Math.max(first, other), [Math.min(first, other)]);
        }
        p.shift();
        q.shift();
      } else {
        const [longer, list, length] = m > n ? [first, p, n] : [other, q, m];
        const split = this.#split(longer, length);
        if (!split) return false;
        list.splice(0, 1, ...split);
      }
    }
    return p.length === 0 && q.length === 0;
  }

  /** A name as two, the second of them of a given length's complement: [length, rest]. */
  #split(label: Label, length: number): readonly [Label, Label] | undefined {
    const whole = this.lengthOf(label);
    // Examples stay together.
    if (label === EXAMPLES || length >= whole || whole % length !== 0) return undefined;
    const parts = [this.fresh(length), this.fresh(whole / length)] as const;
    this.#parts.set(label, parts);
    return parts;
  }
}

/** The axis of examples, which is never cut and lies last. */
export const EXAMPLES: Label = 0;

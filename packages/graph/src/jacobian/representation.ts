import { constantOf, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { add, neg, reshape } from "../ops/index.ts";
import { type Mark, NOBODY, sameMark, sameTasks } from "./mark.ts";

/**
 * A value X of shape s that is linear in w, by what it is at the unit vectors: X_c is X at w = e_c, for every task c.
 * Nothing is held of copies that are 0; what a diagonal holds is X at w = 1.
 */
export type Representation = Zero | Rows | Stack | Diagonal | Mix;

/** X_c = 0 for every c. */
export interface Zero {
  readonly kind: "zero";
}

/** X_c = values[i] where c is copies[i], else 0. The copies ascend, here and below. */
export interface Rows {
  readonly kind: "rows";
  readonly copies: readonly number[];
  /** Each of shape s. */
  readonly values: readonly Node[];
}

/** X_c = value[i] where c is copies[i], else 0. */
export interface Stack {
  readonly kind: "stack";
  readonly copies: readonly number[];
  /** [copies, ...s] */
  readonly value: Node;
}

/** X_c = value at the indices that the mark gives to task c, elsewhere 0. */
export interface Diagonal {
  readonly kind: "diagonal";
  readonly mark: Mark;
  /** Of shape s. */
  readonly value: Node;
}

/** The sum of parts that cannot be added as they are held. Not yet added: there may be more to come. */
export interface Mix {
  readonly kind: "mix";
  readonly parts: readonly Part[];
}

/** What a mix consists of. */
export type Part = Rows | Stack | Diagonal;

/** What an op is applied to. */
export type Settled = Exclude<Representation, Mix>;

export const ZERO: Zero = { kind: "zero" };

export function rowsOf(copies: readonly number[], values: readonly Node[]): Zero | Rows {
  const kept = copies.map((_, i) => i).filter((i) => constantOf(values[i]) !== 0);
  if (kept.length === 0) return ZERO;
  return { kind: "rows", copies: kept.map((i) => copies[i]), values: kept.map((i) => values[i]) };
}

export function stackOf(graph: Graph, copies: readonly number[], value: Node): Settled {
  if (constantOf(value) === 0) return ZERO;
  if (copies.length > 1) return { kind: "stack", copies, value };
  return rowsOf(copies, [reshape(graph, value, value.shape.slice(1))]);
}

/** A diagonal; a row where the whole axis belongs to one task. */
export function diagonalOf(mark: Mark, value: Node): Zero | Rows | Diagonal {
  if (constantOf(value) === 0) return ZERO;
  if (mark.order.length > 1) return { kind: "diagonal", mark, value };
  const [task] = mark.order;
  return task === undefined || task === NOBODY ? ZERO : rowsOf([task], [value]);
}

const partsOf = (x: Representation): readonly Part[] =>
  x.kind === "zero" ? [] : x.kind === "mix" ? x.parts : [x];

/** X + Y: parts that are held alike are added, others stand side by side. */
export function plus(graph: Graph, x: Representation, y: Representation): Representation {
  const parts = [...partsOf(x)];
  for (const part of partsOf(y)) {
    const place = parts.findIndex((other) => alike(other, part));
    if (place < 0) parts.push(part);
    else parts[place] = together(graph, parts[place], part);
  }
  return parts.length === 0 ? ZERO : parts.length === 1 ? parts[0] : { kind: "mix", parts };
}

/** −X. */
export function minus(graph: Graph, x: Representation): Representation {
  const negated = (part: Part): Part =>
    part.kind === "rows"
      ? { ...part, values: part.values.map((value) => neg(graph, value)) }
      : { ...part, value: neg(graph, part.value) };
  if (x.kind === "zero") return x;
  return x.kind === "mix" ? { ...x, parts: x.parts.map(negated) } : negated(x);
}

function alike(a: Part, b: Part): boolean {
  if (a.kind === "diagonal") return b.kind === "diagonal" && sameMark(a.mark, b.mark);
  if (a.kind === "stack") return b.kind === "stack" && sameTasks(a.copies, b.copies);
  return b.kind === "rows";
}

/** The sum of two parts that are alike. */
function together(graph: Graph, a: Part, b: Part): Part {
  if (a.kind !== "rows" || b.kind !== "rows") {
    const [x, y] = [a, b] as readonly (Stack | Diagonal)[];
    return { ...x, value: add(graph, x.value, y.value) };
  }
  const copies = [...new Set([...a.copies, ...b.copies])].sort((i, j) => i - j);
  const values = copies.map((copy) => {
    const [i, j] = [a.copies.indexOf(copy), b.copies.indexOf(copy)];
    if (i < 0) return b.values[j];
    return j < 0 ? a.values[i] : add(graph, a.values[i], b.values[j]);
  });
  return { kind: "rows", copies, values };
}

import type { Graph } from "../graph.ts";
import { type Node, type Shape, sizeOf } from "../node.ts";
import { matMul, mul, reshape, sum, transpose } from "../ops/index.ts";

/** A value whose axes have letters. */
interface Term {
  readonly node: Node;
  readonly letters: readonly string[];
}

/** "ab,bc->ac": products over the letters of the operands, summed over those that the result has not. */
export function einsum(graph: Graph, operands: readonly Node[], equation: string): Node {
  const [given, result] = equation.replaceAll(/\s/g, "").split("->");
  const out = Array.from(result);
  const terms = given
    .split(",")
    .map((letters, i): Term => ({ node: operands[i], letters: Array.from(letters) }));
  const whole = terms.slice(1).reduce((done, term, i) => {
    const later = terms.slice(i + 2).flatMap(({ letters }) => letters);
    return product(graph, done, term, new Set([...out, ...later]));
  }, terms[0]);
  return arranged(graph, summed(graph, whole, new Set(out)), out).node;
}

/** The product of two terms, summed over letters that nobody wants any more. */
function product(graph: Graph, left: Term, right: Term, wanted: ReadonlySet<string>): Term {
  const a = summed(graph, left, new Set([...wanted, ...right.letters]));
  const b = summed(graph, right, new Set([...wanted, ...left.letters]));
  const both = a.letters.filter((letter) => b.letters.includes(letter));
  const batch = both.filter((letter) => wanted.has(letter));
  const inner = both.filter((letter) => !wanted.has(letter));
  const rows = a.letters.filter((letter) => !both.includes(letter));
  const columns = b.letters.filter((letter) => !both.includes(letter));
  const letters = [...batch, ...rows, ...columns];
  const lengths = (term: Term, of: readonly string[]): Shape =>
    of.map((letter) => term.node.shape[term.letters.indexOf(letter)]);
  const shape = [...lengths(a, batch), ...lengths(a, rows), ...lengths(b, columns)];

  const grouped = (term: Term, ...groups: readonly (readonly string[])[]): Node =>
    reshape(graph, arranged(graph, term, [...batch, ...groups.flat()]).node, [
      ...lengths(term, batch),
      ...groups.map((group) => sizeOf(lengths(term, group))),
    ]);
  const node =
    inner.length > 0
      ? matMul(graph, grouped(a, rows, inner), grouped(b, inner, columns))
      : mul(graph, grouped(a, rows, []), grouped(b, [], columns));
  return { node: reshape(graph, node, shape), letters };
}

function summed(graph: Graph, { node, letters }: Term, wanted: ReadonlySet<string>): Term {
  const axes = letters.flatMap((letter, i) => (wanted.has(letter) ? [] : [i]));
  if (axes.length === 0) return { node, letters };
  return { node: sum(graph, node, axes), letters: letters.filter((letter) => wanted.has(letter)) };
}

const arranged = (graph: Graph, { node, letters }: Term, order: readonly string[]): Term => ({
  node: transpose(
    graph,
    node,
    order.map((letter) => letters.indexOf(letter)),
  ),
  letters: order,
});

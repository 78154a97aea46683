import { ancestors, type Graph } from "../graph.ts";
import type { Node } from "../node.ts";
import { rebuild, stack } from "../ops/index.ts";

// Stand-in until the structured transform replaces it: one copy of the backward pass per task.
export interface Rows {
  readonly copies: readonly number[];
  readonly value: Node;
}
export interface Diagnostic {
  readonly op: string;
  readonly node: Node;
  readonly reason: string;
}
export interface Vectorised {
  readonly rows: (index: number) => Rows;
  readonly ones: (index: number) => Node;
  readonly diagnostics: readonly Diagnostic[];
}
export function vectorise(
  graph: Graph,
  {
    weights,
    gradients,
    size,
  }: { readonly weights: Node; readonly gradients: readonly Node[]; readonly size: number },
): Vectorised {
  const at = (value: Node): readonly Node[] => {
    const done = new Map<Node, Node>([[weights, value]]);
    for (const node of ancestors(gradients)) {
      if (!done.has(node)) {
        done.set(
          node,
          rebuild(
            graph,
            node,
            node.inputs.map((input) => done.get(input) ?? input),
          ),
        );
      }
    }
    return gradients.map((node) => done.get(node) ?? node);
  };
  const units = Array.from({ length: size }, (_, k) =>
    at(
      graph.literal(
        Array.from({ length: size }, (_unused, i) => Number(i === k)),
        [size],
      ),
    ),
  );
  const one = at(graph.constant(1, [size]));
  return {
    rows: (index) => ({
      copies: Array.from({ length: size }, (_, k) => k),
      value: stack(
        graph,
        units.map((unit) => unit[index]),
        0,
      ),
    }),
    ones: (index) => one[index],
    diagnostics: [],
  };
}

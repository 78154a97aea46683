import type { Graph } from "../../graph.ts";
import type { Node } from "../../node.ts";
import { conv, convTranspose, pool, reshape, transpose } from "../../ops/index.ts";
import type { Mark } from "../mark.ts";
import type { Rules } from "../rule.ts";

/** Convolutions, linear in the data and in the filter; means over windows. */
export const windowRules: Rules = {
  Conv: {
    linear: () => true,
    mark: (_, place, mark) => (mark.axis === 0 ? channelled(place, mark) : undefined),
    stacked: (graph, node, place, value) => {
      const [data, filter] = node.inputs;
      const { groups } = node.attributes;
      if (place === 0) {
        return perCopy(graph, value, (x) => conv(graph, x, filter, node.attributes));
      }
      // [n, groups·out, …]: copies become channels of every group.
      const [copies, out, ...rest] = value.shape;
      const apart = reshape(graph, value, [copies, groups, out / groups, ...rest]);
      const together = transpose(graph, apart, swapped(apart.shape.length, 0, 1));
      const filters = reshape(graph, together, [copies * out, ...rest]);
      const result = conv(graph, data, filters, node.attributes);
      return copiesOutOfChannels(graph, result, groups, copies);
    },
  },
  ConvTranspose: {
    linear: () => true,
    mark: (_, place, mark) => (mark.axis === place ? channelled(place, mark) : undefined),
    stacked: (graph, node, place, value) => {
      const [data, filter] = node.inputs;
      const { groups } = node.attributes;
      const spatial = node.shape.slice(2);
      if (place === 0) {
        return perCopy(graph, value, (x) =>
          convTranspose(graph, x, filter, node.attributes, spatial),
        );
      }
      const [copies, inside, out, ...rest] = value.shape;
      const together = transpose(graph, value, swapped(value.shape.length, 0, 1));
      const filters = reshape(graph, together, [inside, copies * out, ...rest]);
      const result = convTranspose(graph, data, filters, node.attributes, spatial);
      return copiesOutOfChannels(graph, result, groups, copies);
    },
  },
  AveragePool: {
    linear: () => true,
    mark: (_node, _, mark) => (mark.axis < 2 ? mark : undefined),
    stacked: (graph, node, _, value) =>
      perCopy(graph, value, (x) => pool(graph, "AveragePool", x, node.attributes)),
  },
};

/** Examples stay in the batch; what lies along the filter's output channels is in the result's. */
const channelled = (place: number, mark: Mark): Mark => (place === 0 ? mark : { ...mark, axis: 1 });

/** Copies as further examples of the batch. */
function perCopy(graph: Graph, value: Node, apply: (x: Node) => Node): Node {
  const [copies, batch, ...rest] = value.shape;
  const result = apply(reshape(graph, value, [copies * batch, ...rest]));
  return reshape(graph, result, [copies, batch, ...result.shape.slice(1)]);
}

/** [batch, groups·n·out, …] to [n, batch, groups·out, …]. */
function copiesOutOfChannels(graph: Graph, x: Node, groups: number, copies: number): Node {
  const [batch, channels, ...spatial] = x.shape;
  const out = channels / (groups * copies);
  const apart = reshape(graph, x, [batch, groups, copies, out, ...spatial]);
  const rest = spatial.map((_, i) => i + 4);
  const first = transpose(graph, apart, [2, 0, 1, 3, ...rest]);
  return reshape(graph, first, [copies, batch, groups * out, ...spatial]);
}

/** The permutation of `rank` axes that swaps two. */
const swapped = (rank: number, a: number, b: number): readonly number[] =>
  Array.from({ length: rank }, (_, i) => (i === a ? b : i === b ? a : i));

import { type Node, type Shape, sizeOf } from "../node.ts";

/** An axis that the operands and the result of a contraction share by name; axes of length 1 have none. */
export type Label = number;

/** A value and what its axes longer than 1 are called, in order. */
export interface Labelled {
  readonly node: Node;
  readonly labels: readonly Label[];
}

/** out[o…] = Σ over labels that are not the result's of a[…]·b[…], in whatever ops it is written. */
export interface Contraction {
  readonly operands: readonly [Labelled, Labelled];
  /** What lies between the top and the operands; none of it has another use. */
  readonly parts: readonly Node[];
  readonly labels: readonly Label[];
  readonly shape: Shape;
  readonly lengthOf: (label: Label) => number;
}

/**
 * Reads a MatMul or Mul, with a ReduceSum, moves of axes and Reshapes around axes of length 1 on top, as one contraction of
 * what lies below moves of axes and such Reshapes. `alone` says that a node has no other use, so that it can be left out.
 */
export function contractionOf(top: Node, alone: (node: Node) => boolean): Contraction | undefined {
  const lengths: number[] = [];
  const fresh = (length: number): Label => lengths.push(length) - 1;
  const labels = top.shape.filter((size) => size !== 1).map(fresh);
  const parts: Node[] = [];
  let at: Labelled = { node: top, labels };
  for (let below = moved(at) ?? summed(at, fresh); below; below = moved(at) ?? summed(at, fresh)) {
    if (!alone(below.node)) return undefined;
    parts.push(below.node);
    at = below;
  }
  const found = factors(at, fresh);
  if (!found || top.dtype !== "float32") return undefined;
  const own = (i: number): boolean =>
    found[i].labels.some((label) => labels.includes(label) && !found[1 - i].labels.includes(label));
  // Element by element: no product of matrices.
  if (!own(0) || !own(1)) return undefined;
  const [a, b] = found.map((operand) => {
    let under = operand;
    for (let below = moved(under); below && alone(under.node); below = moved(under)) {
      parts.push(under.node);
      under = below;
    }
    return under;
  });
  return {
    operands: [a, b],
    parts,
    labels,
    shape: top.shape,
    lengthOf: (label) => lengths[label],
  };
}

/** What a Transpose, or a Reshape that adds or drops axes of length 1, is given. */
function moved({ node, labels }: Labelled): Labelled | undefined {
  const [below] = node.inputs;
  if (node.op === "Transpose") {
    const { perm } = node.attributes;
    const places = perm.filter((axis) => below.shape[axis] !== 1);
    const order = [...places].sort((a, b) => a - b);
    return { node: below, labels: order.map((axis) => labels[places.indexOf(axis)]) };
  }
  if (node.op !== "Reshape") return undefined;
  const [own, others] = [node.shape, below.shape].map((shape) =>
    shape.filter((size) => size !== 1),
  );
  return own.join() === others.join() ? { node: below, labels } : undefined;
}

/** What a ReduceSum adds up. */
function summed(
  { node, labels }: Labelled,
  fresh: (length: number) => Label,
): Labelled | undefined {
  if (node.op !== "ReduceSum") return undefined;
  const [below] = node.inputs;
  const { axes } = node.attributes;
  const rest = [...labels];
  const own = below.shape.flatMap((size, axis) => {
    if (size === 1) return [];
    return [axes.includes(axis) ? fresh(size) : (rest.shift() as Label)];
  });
  return { node: below, labels: own };
}

/** The operands of a product, broadcast as they are. */
function factors(
  { node, labels }: Labelled,
  fresh: (length: number) => Label,
): readonly Labelled[] | undefined {
  const product = node.op === "MatMul";
  if (!product && node.op !== "Mul") return undefined;
  const rest = [...labels];
  // By place from the last axis.
  const names = node.shape.map((size) => (size === 1 ? undefined : rest.shift())).reverse();
  const inner = product ? fresh(node.inputs[0].shape[node.inputs[0].shape.length - 1]) : undefined;
  return node.inputs.map((operand, which) => {
    const own = [...names];
    // [..., m, k]·[..., k, n]
    if (product) own[which] = inner;
    const found = operand.shape.map((size, axis) => {
      const label = own[operand.shape.length - 1 - axis];
      return size === 1 ? undefined : label;
    });
    return { node: operand, labels: found.filter((label) => label !== undefined) };
  });
}

/** How many numbers labels stand for. */
export const sizeOfLabels = (
  labels: readonly Label[],
  { lengthOf }: Pick<Contraction, "lengthOf">,
): number => sizeOf(labels.map(lengthOf));

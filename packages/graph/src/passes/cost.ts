import { ancestors } from "../graph.ts";
import { type Node, type NodeOf, type Op, type Shape, sizeOf } from "../node.ts";

/** Guessed time of a graph, in microseconds. */
export function estimate(outputs: readonly Node[]): number {
  // A Concat at the end is no copy: its parts are handed out one by one.
  const free = new Set(outputs.filter(({ op }) => op === "Concat"));
  return total(
    ancestors(outputs).filter((node) => !free.has(node)),
    [...outputs, ...[...free].flatMap(({ inputs }) => inputs)],
  );
}

/** Guessed time of what lies between a node and others that are there already. */
export function costAbove(node: Node, there: ReadonlySet<Node>): number {
  const found = new Set<Node>();
  const open = [node];
  for (let next = open.pop(); next; next = open.pop()) {
    if (there.has(next) || found.has(next)) continue;
    found.add(next);
    open.push(...next.inputs);
  }
  return total([...found], [node]);
}

/** The sum; of a turned matrix that only products read nearly nothing. */
function total(nodes: readonly Node[], outputs: readonly Node[]): number {
  const turned = onlyTurned(nodes, outputs);
  const left = new Set(
    nodes.flatMap(({ op, inputs }) => (op === "MatMul" && turned.has(inputs[0]) ? inputs[0] : [])),
  );
  const share = (node: Node): number => (!turned.has(node) ? 1 : left.has(node) ? LEFT : RIGHT);
  return nodes.reduce((sum, node) => sum + costOf(node) * share(node), 0);
}

/** What is left of the cost of turning a matrix where the product that reads it does so: a right operand is packed anyway. */
const LEFT = 0.6;
const RIGHT = 0.2;

/** Transposes of matrices that only products read: these read them either way round. */
export function onlyTurned(nodes: readonly Node[], outputs: readonly Node[]): ReadonlySet<Node> {
  const read = new Set(outputs);
  for (const { op, inputs } of nodes) {
    if (op !== "MatMul") for (const input of inputs) read.add(input);
  }
  return new Set(
    nodes.filter(
      (node) => node.op === "Transpose" && !read.has(node) && turns(node.attributes.perm),
    ),
  );
}

/*
 * Microseconds on two cores with AVX-512, two threads of onnxruntime 1.30. What counts is how they compare.
 */

/** What any op costs beside its numbers. */
export const NODE = 1;
/** What an input of the graph costs. */
export const INPUT = 2;
/** Per number that an op reads or writes which does little else. */
export const NUMBER = 0.4e-3;
/** One of the products of a batch. */
const CALL = 0.1;
/** Per multiplication with addition, in a product. */
const TERM = 1e-5;
/** Per number of a product's right operand, which is packed first. */
const PACKED = 0.2e-3;
/** Per stretch of neighbouring numbers that a Transpose moves: one axis past others, or any other way. */
const STRETCH = { one: 6e-3, any: 20e-3 };
/** Per number where no neighbours stay neighbours. */
const STRAY = { one: 0.6e-3, any: 7e-3 };

/** How often NUMBER an op takes per number, where not once. */
const FACTOR: Readonly<Partial<Record<Op, number>>> = {
  Cast: 0.8,
  Greater: 0.8,
  GreaterOrEqual: 0.8,
  Less: 0.8,
  LessOrEqual: 0.8,
  Where: 3,
  Sigmoid: 3,
  Tanh: 1.3,
  Exp: 1.3,
  Softmax: 1.5,
  Softplus: 10,
  Pow: 10,
  Log: 3,
  Erf: 3,
  LogSoftmax: 2,
  CumSum: 4,
};

function costOf(node: Node): number {
  const size = sizeOf(node.shape);
  switch (node.op) {
    case "View":
      return INPUT;
    case "Constant":
    case "Literal":
      return 0;
    case "Reshape":
      return NODE;
    case "MatMul":
      return NODE + productCost(node.inputs, node.shape);
    case "Gramian": {
      const [rows] = node.shape;
      return NODE + sizeOf(node.inputs[0].shape) * (rows * TERM + NUMBER / 2);
    }
    case "Conv":
    case "ConvTranspose": {
      const perOutput = sizeOf(node.inputs[1].shape.slice(1));
      return NODE + size * (perOutput * TERM + NUMBER);
    }
    case "Transpose":
      return NODE + moveCost(node.attributes.perm, node.shape);
    case "ReduceSum":
      return NODE + sizeOf(node.inputs[0].shape) * NUMBER * sumFactor(node);
    case "Slice":
      return NODE + (size * NUMBER) / 2;
    case "Gather":
    case "Concat":
    case "Expand":
    case "Pad":
      return NODE + size * NUMBER;
    default: {
      const read = Math.max(0, ...node.inputs.map(({ shape }) => sizeOf(shape)));
      const spread = node.inputs.length > 1 ? 1 + 16 / spanOf(node) : 1;
      return NODE + Math.max(size, read) * NUMBER * (FACTOR[node.op] ?? 1) * spread;
    }
  }
}

function moveCost(perm: readonly number[], shape: Shape): number {
  const size = sizeOf(shape);
  const moved = perm.findLastIndex((axis, i) => axis !== i) + 1;
  const way = movesOne(perm) ? "one" : "any";
  const row = sizeOf(shape.slice(moved));
  if (row === 1) return size * STRAY[way];
  return (size / row) * STRETCH[way] + (size * NUMBER) / 3;
}

/** Whether one axis is taken out and put elsewhere. */
const movesOne = (perm: readonly number[]): boolean =>
  perm.some((axis) => {
    const rest = perm.filter((other) => other !== axis);
    return rest.every((other, i) => i === 0 || other > rest[i - 1]);
  });

/** How often NUMBER a sum takes per number: neighbours and stretches are added fast, the first axis is not. */
function sumFactor({ inputs: [x], attributes: { axes }, shape }: NodeOf<"ReduceSum">): number {
  const first = x.shape.findIndex((size) => size !== 1);
  if (!axes.includes(first) || sizeOf(shape) === 1) return 0.4;
  return x.shape[first] <= 4 ? 2.2 : 1;
}

/** Whether the last two axes change places, and no others. */
const turns = (perm: readonly number[]): boolean =>
  perm.every((axis, i) => i >= perm.length - 2 || axis === i);

function productCost([a, b]: readonly Node[], shape: Shape): number {
  const size = sizeOf(shape);
  // A right operand that is one matrix meets all rows at once.
  const calls = sizeOf(b.shape.slice(0, -2)) === 1 ? 1 : sizeOf(shape.slice(0, -2));
  const packed = calls === 1 ? sizeOf(b.shape) : calls * sizeOf(b.shape.slice(-2));
  // Columns are computed by sixteen; with so few, the left operand is read for little.
  const columns = shape[shape.length - 1];
  const computed = (size / columns) * Math.ceil(columns / 16) * 16;
  const read = columns > 16 ? 0 : sizeOf(a.shape);
  const terms = computed * a.shape[a.shape.length - 1];
  return calls * CALL + (packed + read) * PACKED + terms * TERM + (size * NUMBER) / 2;
}

/** How many neighbouring numbers of the result come from neighbouring numbers, or one number, of every operand. */
function spanOf({ inputs, shape }: Node): number {
  let span = 1;
  const kinds = inputs.map(() => "");
  for (let back = 1; back <= shape.length; back++) {
    const size = shape[shape.length - back];
    if (size > 1) {
      const same = inputs.every((input, i) => {
        const own = input.shape[input.shape.length - back] ?? 1;
        const kind = own === 1 ? "one" : "many";
        const fits = kinds[i] === "" || kinds[i] === kind || sizeOf(input.shape) === 1;
        kinds[i] = kind;
        return fits;
      });
      if (!same) return span;
    }
    span *= size;
  }
  return span;
}

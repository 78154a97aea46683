import {
  broadcast,
  type Graph,
  type Node,
  ops,
  sameShape,
  type Shape,
  sizeOf,
} from "@polytask/graph";

/** One op of a random graph: which, on which of the values so far, and numbers to draw details from. */
export interface Step {
  readonly op: string;
  readonly on: number;
  readonly numbers: readonly number[];
}

/** Makes one more value; undefined where the op does not fit. */
type Grow = (at: {
  readonly graph: Graph;
  readonly x: Node;
  /** Another value so far. */
  readonly y: Node;
  readonly draw: Draw;
}) => Node | undefined;

/** The values that a program comes to, w first. */
export function grow(graph: Graph, weights: Node, program: readonly Step[]): readonly Node[] {
  const values: Node[] = [weights];
  for (const { op, on, numbers } of program) {
    const draw = drawing(numbers);
    // Rather a late value than an early one.
    const x = values[values.length - 1 - (on % Math.min(values.length, 3))];
    const y = values[draw(values.length)];
    const made = (LINEAR[op] ?? UNLIKELY[op])({ graph, x, y, draw });
    if (made && sizeOf(made.shape) <= 400 && made.shape.length < 7) values.push(made);
  }
  return values;
}

/** Ops that are linear in w. */
export const LINEAR: Readonly<Record<string, Grow>> = {
  neg: ({ graph, x }) => ops.neg(graph, x),
  mul: ({ graph, x, draw }) =>
    ops.mul(graph, x, numbers(graph, broadcastable(x.shape, draw), draw)),
  div: ({ graph, x, draw }) => ops.div(graph, x, powers(graph, broadcastable(x.shape, draw), draw)),
  chosen: ({ graph, x, draw }) => {
    const zero = graph.constant(0);
    const condition = truths(graph, broadcastable(x.shape, draw), draw);
    return draw(2) ? ops.where(graph, condition, x, zero) : ops.where(graph, condition, zero, x);
  },
  bothChosen: ({ graph, x, draw }) => {
    const other = ops.mul(graph, x, numbers(graph, x.shape, draw));
    return ops.where(graph, truths(graph, broadcastable(x.shape, draw), draw), x, other);
  },
  expand: ({ graph, x, draw }) =>
    ops.expand(graph, x, [
      ...(draw(2) ? [1 + draw(3)] : []),
      ...x.shape.map((size) => (size === 1 ? 1 + draw(3) : size)),
    ]),
  merge: ({ graph, x, draw }) => {
    if (x.shape.length < 2) return undefined;
    const axis = draw(x.shape.length - 1);
    const joined = x.shape[axis] * x.shape[axis + 1];
    return ops.reshape(graph, x, [...x.shape.slice(0, axis), joined, ...x.shape.slice(axis + 2)]);
  },
  split: ({ graph, x, draw }) => {
    if (x.shape.length === 0) return ops.reshape(graph, x, [1]);
    const axis = draw(x.shape.length);
    const factors = [1, 2, 3, 4].filter((factor) => x.shape[axis] % factor === 0);
    const factor = factors[draw(factors.length)];
    const parts = [factor, x.shape[axis] / factor];
    return ops.reshape(graph, x, [...x.shape.slice(0, axis), ...parts, ...x.shape.slice(axis + 1)]);
  },
  transpose: ({ graph, x, draw }) => ops.transpose(graph, x, permutation(x.shape.length, draw)),
  slice: ({ graph, x, draw }) => {
    if (x.shape.length === 0) return undefined;
    const axis = draw(x.shape.length);
    const length = 1 + draw(x.shape[axis]);
    const start = draw(x.shape[axis] - length + 1);
    return cut(graph, x, axis, start, length);
  },
  stride: ({ graph, x, draw }) => {
    if (x.shape.length === 0) return undefined;
    const axis = draw(x.shape.length);
    const size = x.shape[axis];
    const [start, step, length] = draw(2) ? [size - 1, -1, size] : [0, 2, Math.ceil(size / 2)];
    return cut(graph, x, axis, start, length, step);
  },
  pad: ({ graph, x, draw }) => {
    if (x.shape.length === 0) return undefined;
    const axis = draw(x.shape.length);
    const along = (amount: number): readonly number[] =>
      x.shape.map((_, i) => (i === axis ? amount : 0));
    return ops.pad(graph, x, along(draw(4)), along(draw(4)));
  },
  gather: ({ graph, x, draw }) => {
    if (x.shape.length === 0) return undefined;
    const axis = draw(x.shape.length);
    const shape = draw(2) ? [1 + draw(3)] : [2, 1 + draw(2)];
    return ops.gather(graph, x, indices(graph, shape, x.shape[axis], draw), axis);
  },
  scatterAdd: ({ graph, x, draw }) => {
    if (x.shape.length === 0) return undefined;
    const rows = 1 + draw(4);
    return ops.scatterAdd(graph, indices(graph, [x.shape[0]], rows + 1, draw), x, rows);
  },
  sum: ({ graph, x, draw }) =>
    ops.sum(
      graph,
      x,
      x.shape.flatMap((_, axis) => (draw(3) === 0 ? [axis] : [])),
    ),
  cumSum: ({ graph, x, draw }) =>
    x.shape.length === 0
      ? undefined
      : ops.cumSum(graph, x, {
          axis: draw(x.shape.length),
          exclusive: draw(2) === 1,
          reverse: draw(2) === 1,
        }),
  matMul: ({ graph, x, draw }) => {
    if (x.shape.length < 2) return undefined;
    const [k] = x.shape.slice(-1);
    const n = 1 + draw(3);
    return ops.matMul(graph, x, numbers(graph, [...led(x.shape, draw), k, n], draw));
  },
  matMulLeft: ({ graph, x, draw }) => {
    if (x.shape.length < 2) return undefined;
    const [k] = x.shape.slice(-2);
    const m = 1 + draw(3);
    return ops.matMul(graph, numbers(graph, [...led(x.shape, draw), m, k], draw), x);
  },
  conv: ({ graph, x, draw }) => {
    const data = asImages(graph, x);
    const { groups, window, taps } = windowOn(data.shape, draw);
    const filter = numbers(graph, [groups * (1 + draw(2)), data.shape[1] / groups, ...taps], draw);
    return ops.conv(graph, data, filter, { ...window, groups });
  },
  convFilter: ({ graph, x, draw }) => {
    const filter = asImages(graph, x);
    const groups = filter.shape[0] % 2 === 0 ? 1 + draw(2) : 1;
    const spatial = filter.shape.slice(2).map((size) => size + draw(3));
    const data = numbers(graph, [1 + draw(2), filter.shape[1] * groups, ...spatial], draw);
    return ops.conv(graph, data, filter, { ...PLAIN, groups });
  },
  convTranspose: ({ graph, x, draw }) => {
    const data = asImages(graph, x);
    const groups = data.shape[1] % 2 === 0 ? 1 + draw(2) : 1;
    const filter = numbers(graph, [data.shape[1], 1 + draw(2), 2, 1], draw);
    const spatial = [data.shape[2] + 1, data.shape[3]];
    return ops.convTranspose(graph, data, filter, { ...PLAIN, groups }, spatial);
  },
  convTransposeFilter: ({ graph, x, draw }) => {
    const filter = asImages(graph, x);
    const groups = filter.shape[0] % 2 === 0 ? 1 + draw(2) : 1;
    const data = numbers(graph, [1 + draw(2), filter.shape[0], 2, 1], draw);
    const spatial = [filter.shape[2] + 1, filter.shape[3]];
    return ops.convTranspose(graph, data, filter, { ...PLAIN, groups }, spatial);
  },
  averagePool: ({ graph, x }) => {
    const data = asImages(graph, x);
    if (data.shape[2] < 2) return undefined;
    return ops.pool(graph, "AveragePool", data, { ...PLAIN, kernel: [2, 1] });
  },
  add: ({ graph, x, y, draw }) => {
    const other = fitted(graph, x, y);
    return draw(3) === 0 ? ops.sub(graph, x, other) : ops.add(graph, other, x);
  },
  /** What the gradient of slicing looks like. */
  padsOfRows: ({ graph, x, draw }) => {
    const axis = draw(x.shape.length + 1);
    const rows = x.shape.length > 0 ? x.shape[0] : 1;
    const pieces = Array.from({ length: rows }, (_, i) =>
      x.shape.length > 0 ? cut(graph, x, 0, i, 1) : x,
    );
    const shape = [...x.shape.slice(0, axis), 1 + draw(2), ...x.shape.slice(axis)];
    const along = (amount: number): readonly number[] =>
      shape.map((_, i) => (i === axis ? amount * shape[axis] : 0));
    return pieces
      .map((piece, i) => {
        const whole = ops.expand(
          graph,
          ops.expand(
            graph,
            ops.reshape(graph, piece, piece.shape),
            x.shape.length > 0 ? [1, ...x.shape.slice(1)] : [],
          ),
          x.shape.length > 0 ? [1, ...x.shape.slice(1)] : [],
        );
        const unit = ops.reshape(graph, whole, whole.shape.toSpliced(axis, 0, 1));
        const block = ops.expand(
          graph,
          unit,
          unit.shape.map((size, j) => (j === axis ? shape[axis] : size)),
        );
        return ops.pad(graph, block, along(i), along(rows - 1 - i));
      })
      .reduce((a, b) => ops.add(graph, a, b));
  },
  concat: ({ graph, x, y, draw }) => {
    if (x.shape.length === 0) return ops.stack(graph, [x, fitted(graph, x, y)], 0);
    const axis = draw(x.shape.length);
    const zero = graph.constant(
      0,
      x.shape.map((size, i) => (i === axis ? 1 + draw(2) : size)),
    );
    const parts = [x, fitted(graph, x, y), zero].slice(0, 2 + draw(2));
    return ops.concat(graph, draw(2) ? parts : parts.reverse(), axis);
  },
  stack: ({ graph, x, y, draw }) =>
    ops.stack(graph, [x, fitted(graph, x, y), ops.neg(graph, x)], draw(x.shape.length + 1)),
};

/** What only a hand-made gradient contains. */
export const UNLIKELY: Readonly<Record<string, Grow>> = {
  abs: ({ graph, x }) => ops.unary(graph, "Abs", x),
  relu: ({ graph, x }) => ops.unary(graph, "Relu", x),
  max: ({ graph, x, y }) => ops.arithmetic(graph, "Max", x, fitted(graph, x, y)),
  square: ({ graph, x, y }) => ops.mul(graph, x, fitted(graph, x, y)),
  shift: ({ graph, x, draw }) => ops.add(graph, x, numbers(graph, x.shape, draw)),
};

const PLAIN = { strides: [1, 1], padsBefore: [0, 0], padsAfter: [0, 0], dilations: [1, 1] };

type Draw = (below: number) => number;

/** Numbers below given bounds, from a list that never ends. */
function drawing(from: readonly number[]): Draw {
  let next = 0;
  return (below) => {
    const number = from[next % from.length] + 7 * Math.floor(next / from.length);
    next++;
    return number % below;
  };
}

function cut(graph: Graph, x: Node, axis: number, start: number, length: number, step = 1): Node {
  const pick = (other: (i: number) => number, own: number): readonly number[] =>
    x.shape.map((_, i) => (i === axis ? own : other(i)));
  return ops.slice(
    graph,
    x,
    pick(() => 0, start),
    pick((i) => x.shape[i], length),
    pick(() => 1, step),
  );
}

/** y in the shape of x: itself, or its sum everywhere, or a slice of x itself. */
function fitted(graph: Graph, x: Node, y: Node): Node {
  if (sameShape(x.shape, y.shape)) return y;
  try {
    if (sameShape(broadcast(x.shape, y.shape), x.shape)) return ops.expand(graph, y, x.shape);
  } catch {
    // They do not broadcast.
  }
  return ops.expand(
    graph,
    ops.sum(
      graph,
      y,
      y.shape.map((_, i) => i),
    ),
    x.shape,
  );
}

/** Four axes: the last ones that are more are one. */
function asImages(graph: Graph, x: Node): Node {
  const { shape } = x;
  const last = sizeOf(shape.slice(3));
  return ops.reshape(graph, x, [...shape, 1, 1, 1].slice(0, 3).concat(shape.length > 3 ? last : 1));
}

function windowOn(
  [, channels, height, width]: Shape,
  draw: Draw,
): {
  readonly groups: number;
  readonly taps: Shape;
  readonly window: typeof PLAIN;
} {
  const pads = [draw(2), draw(2)];
  const strides = [1 + draw(2), 1];
  return {
    groups: channels % 2 === 0 ? 1 + draw(2) : 1,
    taps: [Math.min(height, 2), Math.min(width, 1 + draw(2))],
    window: { ...PLAIN, strides, padsBefore: pads, padsAfter: [pads[1], pads[0]] },
  };
}

/** A shape that broadcasts with one: some axes 1, some missing, sometimes one more. */
function broadcastable(shape: Shape, draw: Draw): Shape {
  const own = shape.map((size) => (draw(3) === 0 ? 1 : size));
  return draw(5) === 0 ? [2, ...own] : own.slice(draw(own.length + 1));
}

/** Leading axes that broadcast with those of a stack of matrices. */
const led = (shape: Shape, draw: Draw): Shape => broadcastable(shape.slice(0, -2), draw);

const permutation = (rank: number, draw: Draw): readonly number[] =>
  Array.from({ length: rank }, (_, i) => i)
    .map((axis) => ({ axis, key: draw(1000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ axis }) => axis);

const numbers = (graph: Graph, shape: Shape, draw: Draw): Node =>
  graph.literal(
    Array.from({ length: sizeOf(shape) }, () => draw(5) - 2),
    shape,
  );
const powers = (graph: Graph, shape: Shape, draw: Draw): Node =>
  graph.literal(
    Array.from({ length: sizeOf(shape) }, () => [1, 2, -1, 0.5][draw(4)]),
    shape,
  );
const truths = (graph: Graph, shape: Shape, draw: Draw): Node =>
  graph.literal(
    Array.from({ length: sizeOf(shape) }, () => draw(2)),
    shape,
    "bool",
  );
const indices = (graph: Graph, shape: Shape, below: number, draw: Draw): Node =>
  graph.literal(
    Array.from({ length: sizeOf(shape) }, () => draw(below)),
    shape,
    "int32",
  );

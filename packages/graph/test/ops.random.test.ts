import { type DType, Graph, type Node, ops, type Shape } from "@polytask/graph";
import fc from "fast-check";
import { expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";

/**
 * One value made twice: by the constructors of ops/, which simplify, and node by node as it was asked for. Both must be
 * worth the same, whatever was put on top of what.
 */
interface Twin {
  readonly simple: Node;
  readonly plain: Node;
}

/** Draws a number below `bound` from the case's own numbers. */
type Draw = (bound: number) => number;

interface Making {
  readonly graph: Graph;
  readonly draw: Draw;
  readonly x: Twin;
  /** A value of the same type and shape as x. */
  readonly like: () => Twin;
}

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

const both = (simple: Node, plain: Node): Twin => {
  expect(simple.shape).toEqual(plain.shape);
  expect(simple.dtype).toBe(plain.dtype);
  return { simple, plain };
};

/** What may be put on top of a value x of any shape. */
const moves: Readonly<Record<string, (making: Making) => Twin>> = {
  reshape: ({ graph, draw, x }) => {
    const shape = reshaped(x.plain.shape, draw);
    return both(
      ops.reshape(graph, x.simple, shape),
      graph.emit("Reshape", [x.plain], null, shape, x.plain.dtype),
    );
  },
  transpose: ({ graph, draw, x }) => {
    const perm = shuffled(x.plain.shape, draw);
    const shape = perm.map((axis) => x.plain.shape[axis]);
    return both(
      ops.transpose(graph, x.simple, perm),
      graph.emit("Transpose", [x.plain], { perm }, shape, x.plain.dtype),
    );
  },
  expand: ({ graph, draw, x }) => {
    const own = x.plain.shape.map((size) => (size === 1 ? 1 + draw(3) : size));
    const shape = draw(3) === 0 && own.length < 4 ? [1 + draw(3), ...own] : own;
    return both(
      ops.expand(graph, x.simple, shape),
      graph.emit("Expand", [x.plain], null, shape, x.plain.dtype),
    );
  },
  slice: ({ graph, draw, x }) => {
    const starts = x.plain.shape.map((size) => draw(size));
    const shape = x.plain.shape.map((size, i) => 1 + draw(size - starts[i]));
    const steps = starts.map(() => 1);
    return both(
      ops.slice(graph, x.simple, starts, shape),
      graph.emit("Slice", [x.plain], { starts, steps }, shape, x.plain.dtype),
    );
  },
  "slice with steps": ({ graph, draw, x }) => {
    const steps = x.plain.shape.map(() => [1, 2, -1, -2][draw(4)]);
    const starts = x.plain.shape.map((size) => draw(size));
    const shape = x.plain.shape.map((size, i) => {
      const room = steps[i] > 0 ? size - 1 - starts[i] : starts[i];
      return 1 + draw(1 + Math.floor(room / Math.abs(steps[i])));
    });
    return both(
      ops.slice(graph, x.simple, starts, shape, steps),
      graph.emit("Slice", [x.plain], { starts, steps }, shape, x.plain.dtype),
    );
  },
  "all pieces together again": ({ graph, draw, x }) => {
    const cut = draw(x.plain.shape.length);
    const axis = draw(x.plain.shape.length);
    const { shape } = x.plain;
    const part = shape.map((size, i) => (i === cut ? 1 : size));
    const order = Array.from({ length: shape[cut] }, (_, i) =>
      draw(6) === 0 ? draw(shape[cut]) : i,
    );
    const at = (i: number): number[] => shape.map((_, j) => (j === cut ? i : 0));
    const steps = shape.map(() => 1);
    const whole = part.map((size, i) => (i === axis ? size * order.length : size));
    return both(
      ops.concat(
        graph,
        order.map((i) => ops.slice(graph, x.simple, at(i), part)),
        axis,
      ),
      graph.emit(
        "Concat",
        order.map((i) =>
          graph.emit("Slice", [x.plain], { starts: at(i), steps }, part, x.plain.dtype),
        ),
        { axis },
        whole,
        x.plain.dtype,
      ),
    );
  },
  concat: ({ graph, draw, x, like }) => {
    const axis = draw(x.plain.shape.length);
    const other = draw(2) === 0 ? x : like();
    const shape = x.plain.shape.map((size, i) => (i === axis ? 2 * size : size));
    return both(
      ops.concat(graph, [x.simple, other.simple], axis),
      graph.emit("Concat", [x.plain, other.plain], { axis }, shape, x.plain.dtype),
    );
  },
  "with what lies behind": ({ graph, draw, x }) => {
    if (x.plain.op !== "View") return x;
    const axis = draw(x.plain.shape.length);
    const { space, at } = x.plain.attributes;
    const next = graph.view(space, at + sizeOf(x.plain.shape), x.plain.shape);
    const shape = x.plain.shape.map((size, i) => (i === axis ? 2 * size : size));
    return both(
      ops.concat(graph, [x.simple, next], axis),
      graph.emit("Concat", [x.plain, next], { axis }, shape, "float32"),
    );
  },
  pad: ({ graph, draw, x }) => {
    const [before, after] = [0, 1].map(() => x.plain.shape.map(() => draw(2)));
    const value = [0, 1, -Infinity][draw(3)];
    const shape = x.plain.shape.map((size, i) => size + before[i] + after[i]);
    return both(
      ops.pad(graph, x.simple, before, after, value),
      graph.emit("Pad", [x.plain], { before, after, value }, shape, x.plain.dtype),
    );
  },
  unary: ({ graph, draw, x }) => {
    const op = (["Neg", "Relu", "Abs", "Tanh"] as const)[draw(4)];
    return both(
      ops.unary(graph, op, x.simple),
      graph.emit(op, [x.plain], null, x.plain.shape, x.plain.dtype),
    );
  },
  "with a number": ({ graph, draw, x }) => {
    const op = (["Add", "Sub", "Mul", "Div", "Pow", "Max"] as const)[draw(6)];
    const number = graph.constant([0, 1, 2, -1, 0.5][op === "Div" ? 1 + draw(4) : draw(5)]);
    const turned = draw(2) === 0 && op !== "Div" && op !== "Pow";
    const [a, b] = turned ? [number, x.simple] : [x.simple, number];
    const [p, q] = turned ? [number, x.plain] : [x.plain, number];
    return both(
      ops.arithmetic(graph, op, a, b),
      graph.emit(op, [p, q], null, x.plain.shape, x.plain.dtype),
    );
  },
  "with another": ({ graph, draw, x, like }) => {
    const op = (["Add", "Sub", "Mul", "Min"] as const)[draw(4)];
    const other = like();
    return both(
      ops.arithmetic(graph, op, x.simple, other.simple),
      graph.emit(op, [x.plain, other.plain], null, x.plain.shape, x.plain.dtype),
    );
  },
  choose: ({ graph, draw, x, like }) => {
    const other = draw(3) === 0 ? constants(graph, 0, x.plain.shape) : like();
    const zero = graph.constant(0);
    const condition = (of: Node, made: (a: Node) => Node): Node => made(of);
    return both(
      ops.where(
        graph,
        condition(x.simple, (a) => ops.logic(graph, "Greater", a, zero)),
        x.simple,
        other.simple,
      ),
      graph.emit(
        "Where",
        [
          condition(x.plain, (a) => graph.emit("Greater", [a, zero], null, a.shape, "bool")),
          x.plain,
          other.plain,
        ],
        null,
        x.plain.shape,
        x.plain.dtype,
      ),
    );
  },
  mask: ({ graph, x }) => {
    const zero = graph.constant(0);
    const simple = ops.cast(graph, ops.logic(graph, "Less", x.simple, zero), "float32");
    const less = graph.emit("Less", [x.plain, zero], null, x.plain.shape, "bool");
    return both(simple, graph.emit("Cast", [less], null, x.plain.shape, "float32"));
  },
  reduce: ({ graph, draw, x }) => {
    const op = (["ReduceSum", "ReduceSum", "ReduceMax", "ReduceProd"] as const)[draw(4)];
    const axes = x.plain.shape.flatMap((_, i) => (draw(2) === 0 ? [i] : []));
    const shape = x.plain.shape.filter((_, i) => !axes.includes(i));
    return both(
      ops.reduce(graph, op, x.simple, axes),
      graph.emit(op, [x.plain], { axes }, shape, x.plain.dtype),
    );
  },
  product: ({ graph, draw, x }) => {
    const rank = x.plain.shape.length;
    if (rank < 2) return x;
    const columns = 1 + draw(3);
    const batch = draw(2) === 0 ? [] : x.plain.shape.slice(0, -2);
    const shape = [...batch, x.plain.shape[rank - 1], columns];
    const spread = draw(2) === 0;
    const right = graph.view(
      "y",
      draw(3),
      spread ? shape.map((s, i) => (i < batch.length ? 1 : s)) : shape,
    );
    return both(
      ops.matMul(graph, x.simple, ops.expand(graph, right, shape)),
      graph.emit(
        "MatMul",
        [x.plain, graph.emit("Expand", [right], null, shape, "float32")],
        null,
        [...x.plain.shape.slice(0, -1), columns],
        x.plain.dtype,
      ),
    );
  },
  gather: ({ graph, draw, x }) => {
    const axis = draw(x.plain.shape.length);
    const length = x.plain.shape[axis];
    const start = draw(length);
    const rows = [
      [start, draw(length), draw(length), start],
      [start, start],
      Array.from({ length: length - start }, (_, i) => start + i),
    ][draw(3)];
    const indices = graph.literal(rows, rows.length === 4 ? [2, 2] : [rows.length], "int32");
    const shape = [
      ...x.plain.shape.slice(0, axis),
      ...indices.shape,
      ...x.plain.shape.slice(axis + 1),
    ];
    return both(
      ops.gather(graph, x.simple, indices, axis),
      graph.emit("Gather", [x.plain, indices], { axis }, shape, x.plain.dtype),
    );
  },
  "running sum": ({ graph, draw, x }) => {
    const attributes = {
      axis: draw(x.plain.shape.length),
      exclusive: draw(2) === 0,
      reverse: draw(2) === 0,
    };
    return both(
      ops.cumSum(graph, x.simple, attributes),
      graph.emit("CumSum", [x.plain], attributes, x.plain.shape, x.plain.dtype),
    );
  },
};

const SCALAR_MOVES = ["reshape", "expand", "unary", "with a number", "with another", "mask"];
const BIGGEST = 400;

it("simplified or not, a value is worth the same", async () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom(...Object.keys(moves)), fc.infiniteStream(fc.nat(997))),
    {
      minLength: 1,
      maxLength: 9,
    },
  );
  const start = fc.tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    fc.nat(3),
  );
  await fc.assert(
    fc.asyncProperty(start, steps, async ([shape, kind], list) => {
      const graph = new Graph();
      let x = beginning(graph, shape, kind);
      for (const [name, stream] of list) {
        const draw: Draw = (bound) => (stream.next().value as number) % bound;
        if (x.plain.shape.length === 0 && !SCALAR_MOVES.includes(name)) continue;
        const like = (): Twin => beginning(graph, x.plain.shape, draw(4));
        const made = moves[name]({ graph, draw, x, like });
        if (sizeOf(made.plain.shape) <= BIGGEST && made.plain.shape.length <= 5) x = made;
      }
      const [simple, plain] = await evaluate([x.simple, x.plain], () => memory);
      expect(farthest(simple, plain)).toBeLessThan(1e-4);
    }),
    { numRuns: 3000, seed: 17 },
  );
}, 120_000);

/** Numbers of moderate size, some of them equal, none of them 0. */
const memory = Float32Array.from(
  { length: 2000 },
  (_, i) => Math.round(8 * Math.sin(i * 7.3 + 1)) / 4 + 0.125,
);

/** A view, something computed, one number, or known numbers. */
function beginning(graph: Graph, shape: Shape, kind: number): Twin {
  const view = graph.view("x", 3 * kind, shape);
  if (kind === 0) return { simple: view, plain: view };
  if (kind === 1) {
    const node = graph.emit("Sin", [view], null, shape, "float32");
    return { simple: node, plain: node };
  }
  if (kind === 2) return constants(graph, 1.5, shape);
  const literal = graph.literal(memory.slice(0, sizeOf(shape)), shape);
  return { simple: literal, plain: literal };
}

function constants(graph: Graph, value: number, shape: Shape): Twin {
  const node = graph.constant(value, shape, "float32" satisfies DType);
  return { simple: node, plain: node };
}

/** The same numbers under another shape: two axes merged, one split off, or a 1 put in. */
function reshaped(shape: Shape, draw: Draw): Shape {
  const axis = draw(Math.max(1, shape.length));
  switch (draw(3)) {
    case 0:
      return shape.length < 2 || axis === shape.length - 1
        ? [sizeOf(shape)]
        : [...shape.slice(0, axis), shape[axis] * shape[axis + 1], ...shape.slice(axis + 2)];
    case 1:
      return [...shape.slice(0, axis), 1, ...shape.slice(axis)];
    default: {
      const size = shape[axis] as number | undefined;
      const factor = [2, 3].find((by) => size !== undefined && size % by === 0);
      return size === undefined || factor === undefined
        ? shape.filter((length) => length !== 1)
        : [...shape.slice(0, axis), factor, size / factor, ...shape.slice(axis + 1)];
    }
  }
}

function shuffled(shape: Shape, draw: Draw): readonly number[] {
  const rest = [...shape.keys()];
  return shape.map(() => rest.splice(draw(rest.length), 1)[0]);
}

/** The largest difference, measured against the larger number. */
function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    // A product with a known 0 is 0, also of what is not finite.
    if (!Number.isFinite(b[i]) && a[i] === 0) continue;
    if (Math.abs(b[i]) > 1e30 || !Number.isFinite(b[i])) continue;
    worst = Math.max(worst, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])));
  }
  return worst;
}

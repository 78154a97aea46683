import { ancestors, Graph, type Node, ops, sizeOf, type Shape } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutGramians, optimise } from "../src/passes/index.ts";
import { pieceOf } from "../src/passes/pieces.ts";
import { evaluate } from "./evaluate.ts";
import { apart } from "./passes/close.ts";
import { numbers } from "./traced.ts";

/** Draws a number below `bound`. */
type Draw = (bound: number) => number;

const memory = (space: string): Float32Array | Int32Array =>
  space === "ids"
    ? Int32Array.from({ length: 999 }, (_, i) => (i * 5 + 3) % 7)
    : (numbers([4096], space.length).values as Float32Array);

/** What may stand between a value and what it is computed from: a value of any shape out of one of any shape. */
const steps: Readonly<Record<string, (graph: Graph, x: Node, draw: Draw) => Node>> = {
  "number by number": (graph, x) => ops.unary(graph, "Tanh", x),
  "with what is broadcast": (graph, x, draw) => {
    const shape = x.shape.map((size) => (draw(2) === 0 ? size : 1)).slice(draw(2));
    return ops.mul(graph, x, graph.view("other", draw(9), shape));
  },
  "by a condition": (graph, x, draw) => {
    const other = graph.view("choices", draw(9), x.shape.slice(-1));
    return ops.where(graph, ops.logic(graph, "Less", x, other), x, ops.neg(graph, other));
  },
  "axes moved": (graph, x, draw) => ops.transpose(graph, x, shuffled(x.shape, draw)),
  "another shape": (graph, x, draw) => {
    const i = draw(x.shape.length);
    const [a, b] = [x.shape[i], x.shape[i + 1]];
    const rest = (to: readonly number[], count: number): Shape => [
      ...x.shape.slice(0, i),
      ...to,
      ...x.shape.slice(i + count),
    ];
    if (b !== undefined && draw(2) === 0) return ops.reshape(graph, x, rest([a * b], 2));
    return ops.reshape(graph, x, rest(a % 2 === 0 ? [a / 2, 2] : [1, a], 1));
  },
  broadcast: (graph, x, draw) => ops.expand(graph, x, [2 + draw(2), ...x.shape]),
  cut: (graph, x, draw) => {
    const step = 1 + draw(2);
    const size = x.shape.map((n) => Math.max(1, Math.floor((n - 1) / step)));
    const starts = x.shape.map((n) => (n > 1 ? draw(2) : 0));
    return ops.slice(
      graph,
      x,
      starts.map((start, i) => (start + (size[i] - 1) * step < x.shape[i] ? start : 0)),
      size,
      x.shape.map(() => step),
    );
  },
  "put together": (graph, x, draw) =>
    ops.concat(graph, [x, ops.unary(graph, "Sin", x), x], draw(x.shape.length)),
  "zeros around": (graph, x, draw) =>
    ops.pad(
      graph,
      x,
      x.shape.map(() => draw(2)),
      x.shape.map(() => draw(2)),
    ),
  "from the left": (graph, x, draw) => {
    const [k, n] = [...x.shape.slice(-1), 1 + draw(4)];
    return ops.matMul(graph, withRank(graph, x, 2), graph.view("right", draw(9), [k, n]));
  },
  "from the right": (graph, x, draw) => {
    const right = withRank(graph, x, 2);
    const leading = right.shape.length === 2 && draw(2) === 0 ? [2, 1] : [];
    const left = graph.view("left", draw(9), [...leading, 3, ...right.shape.slice(-2, -1)]);
    return ops.matMul(graph, left, right);
  },
  summed: (graph, x, draw) =>
    x.shape.length > 1 ? ops.sum(graph, x, [draw(x.shape.length)]) : ops.neg(graph, x),
  largest: (graph, x, draw) =>
    x.shape.length > 1 ? ops.reduce(graph, "ReduceMax", x, [draw(x.shape.length)]) : x,
  shares: (graph, x) => ops.softmax(graph, "Softmax", x),
  "sums so far": (graph, x, draw) =>
    ops.cumSum(graph, x, { axis: draw(x.shape.length), exclusive: draw(2) === 0, reverse: false }),
  "looked up": (graph, x, draw) => {
    const axis = draw(x.shape.length);
    const at = graph.literal(
      Array.from({ length: 6 }, (_, i) => (i * i) % x.shape[axis]),
      [3, 2],
      "int32",
    );
    return ops.gather(graph, x, at, axis);
  },
  "added at rows": (graph, x, draw) =>
    ops.scatterAdd(graph, graph.view("ids", draw(9), [x.shape[0]], "int32"), x, 7),
  convolved: (graph, x) => {
    const data = withRank(graph, x, 3);
    const rest = data.shape.slice(3).map(() => 1);
    const filter = graph.view("filter", 0, [3, data.shape[1], 1, ...rest]);
    return ops.conv(graph, data, filter, windowOf(1 + rest.length));
  },
  "convolved with it": (graph, x) => {
    const filter = withRank(graph, x, 3);
    const spatial = filter.shape.slice(2);
    const data = graph.view("data", 0, [2, filter.shape[1], ...spatial.map((size) => size + 1)]);
    return ops.conv(graph, data, filter, windowOf(spatial.length));
  },
};

const windowOf = (rank: number) => ({
  strides: new Array<number>(rank).fill(1),
  padsBefore: new Array<number>(rank).fill(0),
  padsAfter: new Array<number>(rank).fill(0),
  dilations: new Array<number>(rank).fill(1),
  groups: 1,
});

function withRank(graph: Graph, x: Node, rank: number): Node {
  const units = new Array<number>(Math.max(0, rank - x.shape.length)).fill(1);
  return ops.reshape(graph, x, [...units, ...x.shape]);
}

function shuffled(shape: Shape, draw: Draw): number[] {
  const rest = shape.map((_, i) => i);
  return shape.map(() => rest.splice(draw(rest.length), 1)[0]);
}

/** A random value, some steps away from what is in memory. */
function drawValue(graph: Graph, draw: Draw, names: readonly string[]): Node {
  const shape = Array.from({ length: 1 + draw(3) }, () => 1 + draw(4));
  return names.reduce(
    (x, name) => {
      const next = steps[name](graph, x, draw);
      // Neither too large to be tested, nor of too many axes.
      return sizeOf(next.shape) <= 600 && next.shape.length <= 5 ? next : x;
    },
    graph.view("x", 0, shape),
  );
}

const drawn = fc.record({
  names: fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 6 }),
  seeds: fc.infiniteStream(fc.nat(1 << 20)),
});

/** With one zero. */
const unsigned = (values: ArrayLike<number>): number[] => Array.from(values, (value) => value + 0);

const drawFrom =
  (seeds: Iterator<number>): Draw =>
  (bound) =>
    (seeds.next().value as number) % bound;

describe("a piece of a value", () => {
  it("is the same numbers, whatever the value is computed by and wherever it is cut", async () => {
    const used = new Set<string>();
    await fc.assert(
      fc.asyncProperty(drawn, async ({ names, seeds }) => {
        const graph = new Graph();
        const draw = drawFrom(seeds);
        const value = drawValue(graph, draw, names);
        const there = new Set(ancestors([value]).filter(() => draw(6) === 0));
        const axis = draw(value.shape.length);
        const from = draw(value.shape[axis]);
        const size = 1 + draw(value.shape[axis] - from);
        const { node } = pieceOf(graph, value, { axis, from, size }, (of) => there.has(of));
        const expected = graph.emit(
          "Slice",
          [value],
          {
            starts: value.shape.map((_, i) => (i === axis ? from : 0)),
            steps: value.shape.map(() => 1),
          },
          value.shape.map((own, i) => (i === axis ? size : own)),
          value.dtype,
        );
        expect(node.shape).toEqual(expected.shape);
        const [found, sought] = await evaluate([node, expected], memory);
        // A product of fewer columns adds up in the same order.
        expect(unsigned(found)).toEqual(unsigned(sought));
        for (const { op } of ancestors([value])) used.add(op);
      }),
      { numRuns: 800 },
    );
    expect([...used]).toEqual(
      expect.arrayContaining(["MatMul", "Conv", "ScatterAdd", "Gather", "Pad", "Softmax", "Where"]),
    );
  });

  it("needs nothing else of the gradient of a dense layer", () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [8, 40]);
    const d = graph.view("d", 0, [3, 8, 50]);
    const rows = ops.matMul(graph, ops.swapLast(graph, x), d);
    const { node, read } = pieceOf(graph, rows, { axis: 1, from: 10, size: 5 }, () => false);
    expect([...read]).toEqual([d]);
    expect(Math.max(...ancestors([node]).map((of) => (of === d ? 0 : sizeOf(of.shape))))).toBe(
      3 * 5 * 50,
    );
  });
});

describe("Gramian", () => {
  it("does not depend on the order of numbers within rows", async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async ({ names, seeds }) => {
        const graph = new Graph();
        const draw = drawFrom(seeds);
        const value = drawValue(graph, draw, names);
        const axis = draw(value.shape.length);
        const rows = value.shape[axis];
        const plain = graph.emit("Gramian", [value], { axis }, [rows, rows], "float32");
        const [found, sought] = await evaluate([ops.gramian(graph, value, axis), plain], memory);
        const scale = Math.max(1e-3, ...sought);
        sought.forEach((expected, i) => {
          expect(Math.abs(found[i] - expected)).toBeLessThan(1e-6 * scale);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("leaves moves of axes to nobody", () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [6, 4, 10]);
    const product = ops.unary(graph, "Tanh", x);
    const moved = ops.reshape(graph, ops.transpose(graph, product, [1, 2, 0]), [4, 60]);
    expect(ops.gramian(graph, moved, 0)).toBe(ops.gramian(graph, product, 1));
  });
});

describe("cutGramians", () => {
  it("gives the same inner products, and makes nothing larger than the limit for them", async () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [9, 24]);
    const [d, e] = [graph.view("d", 0, [3, 9, 20]), graph.view("e", 0, [3, 9, 24])];
    const rows = [
      ops.matMul(graph, ops.swapLast(graph, x), d),
      ops.matMul(graph, ops.swapLast(graph, x), ops.unary(graph, "Tanh", e)),
      ops.sum(graph, d, [1]),
    ];
    const outputs = rows.map((value) => ops.gramian(graph, value, 0));
    const whole = rows.map((value) =>
      graph.emit("Gramian", [value], { axis: 0 }, [3, 3], "float32"),
    );
    const { outputs: optimised } = optimise(graph, outputs);
    const cut = cutGramians(graph, optimised, 200);
    expect(cut.diagnostics).toEqual([]);
    expect(await apart(cut.outputs, whole)).toBeLessThan(1e-5);
    const made = ancestors(cut.outputs).filter(({ op }) => op === "Gramian");
    expect(made.length).toBeGreaterThan(10);
    for (const { inputs } of made) expect(sizeOf(inputs[0].shape)).toBeLessThanOrEqual(200);
  });

  it("cuts two axes where one is not enough, at the rows' own axis never", async () => {
    const graph = new Graph();
    const value = ops.mul(graph, graph.view("a", 0, [5, 1, 40]), graph.view("b", 0, [5, 30, 1]));
    const whole = graph.emit("Gramian", [value], { axis: 0 }, [5, 5], "float32");
    const { outputs, diagnostics } = cutGramians(graph, [ops.gramian(graph, value, 0)], 100);
    expect(diagnostics).toEqual([]);
    for (const { op, inputs } of ancestors(outputs)) {
      if (op !== "Gramian") continue;
      expect(sizeOf(inputs[0].shape)).toBeLessThanOrEqual(100);
      expect(inputs[0].shape[0]).toBe(5);
    }
    expect(await apart(outputs, [whole])).toBeLessThan(1e-5);
  });

  it("cuts an axis that was made of two", async () => {
    const graph = new Graph();
    const apart3 = ops.unary(graph, "Tanh", graph.view("x", 0, [3, 9, 4, 30]));
    const d = ops.unary(graph, "Sin", ops.reshape(graph, apart3, [3, 9, 120]));
    const value = ops.matMul(graph, ops.swapLast(graph, graph.view("y", 0, [9, 50])), d);
    const whole = graph.emit("Gramian", [value], { axis: 0 }, [3, 3], "float32");
    const { outputs, diagnostics } = cutGramians(graph, [ops.gramian(graph, value, 0)], 300);
    expect(diagnostics).toEqual([]);
    expect(ancestors(outputs)).not.toContain(d);
    expect(await apart(outputs, [whole])).toBeLessThan(1e-5);
  });

  it("says where rows cannot be had in pieces, and takes them whole", async () => {
    const graph = new Graph();
    const value = ops.softmax(graph, "Softmax", graph.view("x", 0, [3, 500]));
    const whole = graph.emit("Gramian", [value], { axis: 0 }, [3, 3], "float32");
    const { outputs, diagnostics } = cutGramians(graph, [ops.gramian(graph, value, 0)], 100);
    expect(diagnostics.map(({ kind, op }) => [kind, op])).toEqual([["whole", "Softmax"]]);
    expect(await apart(outputs, [whole])).toBeLessThan(1e-6);
  });

  it("slices rows that something else needs whole", async () => {
    const graph = new Graph();
    const rows = ops.unary(graph, "Tanh", graph.view("x", 0, [3, 500]));
    const outputs = [ops.gramian(graph, rows, 0), rows];
    expect(cutGramians(graph, outputs, 100).outputs).toEqual(outputs);
  });
});

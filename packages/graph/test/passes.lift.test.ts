import { Graph, type Node, ops, sizeOf } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { lift, liftable } from "../src/passes/lift.ts";
import { apart } from "./passes/close.ts";

const LANES = 3;

/** A node made of operands; which of them differ from lane to lane is tried out. */
interface Case {
  readonly operands: readonly (readonly number[])[];
  readonly make: (graph: Graph, operands: readonly Node[]) => Node;
  /** Operands of whole numbers below this. */
  readonly indices?: { readonly place: number; readonly below: number };
}

const window = { strides: [1, 1], padsBefore: [1, 0], padsAfter: [0, 1], dilations: [1, 1] };

const cases: Readonly<Record<string, Case>> = {
  Relu: { operands: [[2, 3]], make: (g, [x]) => ops.unary(g, "Relu", x) },
  Cast: {
    operands: [[2, 3]],
    make: (g, [x]) => ops.cast(g, ops.logic(g, "Less", x, g.constant(0)), "float32"),
  },
  "Add of equal shapes": {
    operands: [
      [2, 3],
      [2, 3],
    ],
    make: (g, [a, b]) => ops.add(g, a, b),
  },
  "Sub of a bias": { operands: [[2, 3], [3]], make: (g, [a, b]) => ops.sub(g, a, b) },
  "Mul by a scalar": { operands: [[], [2, 3]], make: (g, [a, b]) => ops.mul(g, a, b) },
  Greater: { operands: [[4], [2, 1]], make: (g, [a, b]) => ops.logic(g, "Greater", a, b) },
  Where: {
    operands: [[2, 1], [3], []],
    make: (g, [c, a, b]) => ops.where(g, ops.logic(g, "Less", c, g.constant(0)), a, b),
  },
  Reshape: { operands: [[2, 6]], make: (g, [x]) => ops.reshape(g, x, [3, 4]) },
  Transpose: { operands: [[2, 3, 4]], make: (g, [x]) => ops.transpose(g, x, [2, 0, 1]) },
  Expand: { operands: [[3, 1]], make: (g, [x]) => ops.expand(g, x, [2, 3, 4]) },
  Slice: { operands: [[5, 4]], make: (g, [x]) => ops.slice(g, x, [1, 0], [2, 3], [2, 1]) },
  Concat: {
    operands: [
      [2, 3],
      [2, 1],
    ],
    make: (g, parts) => ops.concat(g, parts, 1),
  },
  Pad: { operands: [[2, 3]], make: (g, [x]) => ops.pad(g, x, [1, 0], [0, 2], 7) },
  "MatMul of matrices": {
    operands: [
      [2, 3],
      [3, 4],
    ],
    make: (g, [a, b]) => ops.matMul(g, a, b),
  },
  "MatMul of a batch by a matrix": {
    operands: [
      [5, 2, 3],
      [3, 4],
    ],
    make: (g, [a, b]) => ops.matMul(g, a, b),
  },
  "MatMul of a matrix by a batch": {
    operands: [
      [2, 3],
      [5, 3, 4],
    ],
    make: (g, [a, b]) => ops.matMul(g, a, b),
  },
  Softmax: { operands: [[2, 3]], make: (g, [x]) => ops.softmax(g, "Softmax", x) },
  LogSoftmax: { operands: [[4]], make: (g, [x]) => ops.softmax(g, "LogSoftmax", x) },
  "Gather of rows": {
    operands: [[5, 2], [4]],
    indices: { place: 1, below: 5 },
    make: (g, [data, at]) => ops.gather(g, data, at, 0),
  },
  "Gather of columns": {
    operands: [[2, 5, 3], [4]],
    indices: { place: 1, below: 5 },
    make: (g, [data, at]) => ops.gather(g, data, at, 1),
  },
  ScatterAdd: {
    operands: [[4], [4, 2]],
    indices: { place: 0, below: 3 },
    make: (g, [at, updates]) => ops.scatterAdd(g, at, updates, 3),
  },
  CumSum: {
    operands: [[2, 4]],
    make: (g, [x]) => ops.cumSum(g, x, { axis: 1, exclusive: true, reverse: false }),
  },
  ArgMax: { operands: [[4, 3]], make: (g, [x]) => ops.argExtreme(g, "ArgMax", x, 0) },
  TopKValues: { operands: [[3, 5]], make: (g, [x]) => ops.topK(g, x, 2)[0] },
  TopKIndices: { operands: [[3, 5]], make: (g, [x]) => ops.topK(g, x, 2)[1] },
  ReduceSum: { operands: [[2, 3, 4]], make: (g, [x]) => ops.sum(g, x, [0, 2]) },
  ReduceMax: { operands: [[2, 3, 4]], make: (g, [x]) => ops.reduce(g, "ReduceMax", x, [1]) },
  Conv: {
    operands: [
      [2, 3, 5, 5],
      [4, 3, 2, 2],
    ],
    make: (g, [x, f]) => ops.conv(g, x, f, { ...window, groups: 1 }),
  },
  ConvTranspose: {
    operands: [
      [2, 3, 4, 4],
      [3, 2, 2, 2],
    ],
    make: (g, [x, f]) => ops.convTranspose(g, x, f, { ...window, groups: 1 }, [4, 4]),
  },
  MaxPool: {
    operands: [[2, 3, 4, 4]],
    make: (g, [x]) => ops.pool(g, "MaxPool", x, { ...window, kernel: [2, 2] }),
  },
  AveragePool: {
    operands: [[2, 3, 4, 4]],
    make: (g, [x]) => ops.pool(g, "AveragePool", x, { ...window, kernel: [2, 2] }),
  },
};

/** The op in every lane, operand by operand made for all lanes. */
function inLanes(
  { operands, make, indices }: Case,
  differs: readonly boolean[],
): { graph: Graph; lanes: readonly Node[] } {
  const graph = new Graph();
  const given = operands.map((shape, place) =>
    Array.from({ length: differs[place] ? LANES : 1 }, (_, lane) => {
      const size = sizeOf(shape);
      if (indices?.place !== place) return graph.view("x", place * 1000 + lane * size, shape);
      const at = Array.from({ length: size }, (_, i) => (i * 7 + lane * 3) % indices.below);
      return graph.literal(at, shape, "int32");
    }),
  );
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    make(
      graph,
      given.map((values, place) => values[differs[place] ? lane : 0]),
    ),
  );
  return { graph, lanes };
}

/** Every choice of operands that differ, but for none. */
const choices = (count: number): readonly (readonly boolean[])[] =>
  Array.from({ length: 2 ** count - 1 }, (_, i) =>
    Array.from({ length: count }, (_, place) => ((i + 1) >> place) % 2 === 1),
  );

describe("lift", () => {
  for (const [name, of] of Object.entries(cases)) {
    for (const differs of choices(of.operands.length)) {
      if (!liftable(inLanes(of, differs).lanes[0], differs)) continue;
      it(`${name}, ${differs.map((d) => (d ? "lanes" : "shared")).join(" and ")}`, async () => {
        const { graph, lanes } = inLanes(of, differs);
        const [like] = lanes;
        // The op itself, on operands as they come to it: `make` may put another op before it.
        const operands = like.inputs.map((input, place) => {
          const values = lanes.map((lane) => lane.inputs[place]);
          return values.every((value) => value === input)
            ? { value: input, lanes: false }
            : { value: ops.stack(graph, values, 0), lanes: true };
        });
        const lifted = lift(graph, like, operands, LANES);
        expect(await apart([lifted], [ops.stack(graph, lanes, 0)])).toBeLessThan(1e-6);
      });
    }
  }

  it("says which ops it does not know", () => {
    const graph = new Graph();
    const [data, filter] = [graph.view("x", 0, [1, 2, 3, 3]), graph.view("x", 0, [2, 2, 2, 2])];
    const conv = ops.conv(graph, data, filter, { ...window, groups: 1 });
    expect(liftable(conv, [true, false])).toBe(true);
    expect(liftable(conv, [true, true])).toBe(false);
    expect(liftable(data, [])).toBe(false);
  });
});

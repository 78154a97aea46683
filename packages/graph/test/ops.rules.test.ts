import { constantOf, Graph, type Node, ops } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";

const memory = Float32Array.from({ length: 64 }, (_, i) => i);
const worth = async (node: Node): Promise<number[]> =>
  Array.from((await evaluate([node], () => memory))[0]);

describe("values that are known", () => {
  it("reductions of nothing are their identity element", () => {
    const graph = new Graph();
    const none = graph.view("x", 0, [0, 2]);
    const of = (op: "ReduceSum" | "ReduceProd" | "ReduceMax" | "ReduceMin"): number | undefined =>
      constantOf(ops.reduce(graph, op, none, [0]));
    expect([of("ReduceSum"), of("ReduceProd")]).toEqual([0, 1]);
    expect([of("ReduceMax"), of("ReduceMin")]).toEqual([-Infinity, Infinity]);
    expect(ops.reduce(graph, "ReduceSum", none, [0]).shape).toEqual([2]);
    expect(ops.reduce(graph, "ReduceSum", none, [1]).shape).toEqual([0]);
  });

  it("reductions of one number repeated are one number", () => {
    const graph = new Graph();
    const threes = graph.constant(3, [2, 2]);
    expect(constantOf(ops.reduce(graph, "ReduceSum", threes, [0, 1]))).toBe(12);
    expect(constantOf(ops.reduce(graph, "ReduceProd", threes, [0]))).toBe(9);
    expect(constantOf(ops.reduce(graph, "ReduceMax", threes, [1]))).toBe(3);
  });

  it("products with nothing inside, and convolutions of zeros, are 0", () => {
    const graph = new Graph();
    const product = ops.matMul(graph, graph.view("x", 0, [2, 0]), graph.view("x", 0, [0, 3]));
    expect(product).toBe(graph.constant(0, [2, 3]));
    const window = { strides: [1], dilations: [1], padsBefore: [1], padsAfter: [1], groups: 1 };
    const filter = graph.view("x", 0, [4, 2, 3]);
    const zeros = graph.constant(0, [1, 2, 5]);
    expect(ops.conv(graph, zeros, filter, window)).toBe(graph.constant(0, [1, 4, 5]));
    const back = ops.convTranspose(graph, graph.constant(0, [1, 4, 5]), filter, window, [5]);
    expect(back).toBe(graph.constant(0, [1, 2, 5]));
    const sums = { axis: 0, exclusive: false, reverse: false };
    expect(ops.cumSum(graph, zeros, sums)).toBe(zeros);
  });

  it("numbers that JSON cannot tell apart are told apart", () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [2]);
    const padded = [Infinity, -Infinity, Number.NaN, 0, -0].map((value) =>
      ops.pad(graph, x, [1], [0], value),
    );
    expect(new Set(padded).size).toBe(5);
    expect(graph.literal([0, 1], [2])).not.toBe(graph.literal([-0, 1], [2]));
    expect(graph.literal([0, 1], [2])).toBe(graph.literal([0, 1], [2]));
  });
});

describe("rows that are known", () => {
  const graph = new Graph();
  const table = ops.unary(graph, "Neg", graph.view("x", 0, [4, 2]));

  it("one after another are a slice", async () => {
    const rows = ops.gather(graph, table, graph.literal([1, 2, 3], [3], "int32"), 0);
    expect(rows.op).toBe("Slice");
    expect(await worth(rows)).toEqual([-2, -3, -4, -5, -6, -7]);
  });

  it("all the same are broadcast", async () => {
    const columns = ops.gather(graph, table, graph.constant(1, [2, 2], "int32"), 1);
    expect(columns.op).toBe("Expand");
    expect(columns.shape).toEqual([4, 2, 2]);
    expect((await worth(columns)).slice(0, 8)).toEqual([-1, -1, -1, -1, -3, -3, -3, -3]);
  });

  it("in another order, or out of range, are gathered", () => {
    for (const rows of [
      [1, 0],
      [3, 4],
      [-1, 0],
    ]) {
      const indices = graph.literal(rows, [2], "int32");
      expect(ops.gather(graph, table, indices, 0).op).toBe("Gather");
    }
  });
});

import { Graph, type Node, ops } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { evaluate, type Values } from "./evaluate.ts";

const none = (): Values => {
  throw new Error("no memory here");
};
const numbers = async (node: Node): Promise<readonly number[]> =>
  Array.from((await evaluate([node], none))[0]);

describe("the interpreter that tests measure by", () => {
  const graph = new Graph();
  const counted = (shape: readonly number[]): Node =>
    graph.literal(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
      shape,
    );

  it("reads views of memories", async () => {
    const view = graph.view("memory", 1, [2]);
    const [found] = await evaluate([view], () => Float32Array.of(1, 2, 3));
    expect(Array.from(found)).toEqual([2, 3]);
  });

  it("convolves and pools as counted by hand", async () => {
    const window = { strides: [2], padsBefore: [1], padsAfter: [0], dilations: [1] };
    const x = counted([1, 1, 4]);
    const filter = graph.literal([10, 1], [1, 1, 2]);
    const conv = ops.conv(graph, x, filter, { ...window, groups: 1 });
    expect(await numbers(conv)).toEqual([1, 23]);
    const back = ops.convTranspose(graph, conv, filter, { ...window, groups: 1 }, [4]);
    expect(await numbers(back)).toEqual([1, 230, 23, 0]);
    const pooled = (op: "MaxPool" | "AveragePool"): Promise<readonly number[]> =>
      numbers(ops.pool(graph, op, x, { ...window, kernel: [2] }));
    expect(await pooled("MaxPool")).toEqual([1, 3]);
    expect(await pooled("AveragePool")).toEqual([1, 2.5]);
  });

  it("convolves in groups, each with its own channels", async () => {
    const window = { strides: [1], padsBefore: [0], padsAfter: [0], dilations: [1] };
    const x = counted([1, 4, 1]);
    const filter = graph.literal([1, 10, 1, 100], [2, 2, 1]);
    const conv = ops.conv(graph, x, filter, { ...window, groups: 2 });
    expect(await numbers(conv)).toEqual([21, 403]);
    const back = ops.convTranspose(graph, conv, filter, { ...window, groups: 2 }, [1]);
    expect(await numbers(back)).toEqual([21, 210, 403, 40300]);
  });

  it("sums along an axis from either end", async () => {
    const x = counted([2, 3]);
    const sums = (exclusive: boolean, reverse: boolean): Promise<readonly number[]> =>
      numbers(ops.cumSum(graph, x, { axis: 1, exclusive, reverse }));
    expect(await sums(false, false)).toEqual([1, 3, 6, 4, 9, 15]);
    expect(await sums(true, true)).toEqual([5, 3, 0, 11, 6, 0]);
  });

  it("adds rows of repeated indices, and none of those out of range", async () => {
    const indices = graph.literal([1, 1, 7], [3], "int32");
    expect(await numbers(ops.scatterAdd(graph, indices, counted([3, 2]), 2))).toEqual([0, 0, 4, 6]);
  });

  it("walks backwards, pads, joins, transposes", async () => {
    const x = counted([2, 2]);
    expect(
      await numbers(
        graph.emit("Slice", [x], { starts: [1, 0], steps: [-1, 1] }, [2, 2], "float32"),
      ),
    ).toEqual([3, 4, 1, 2]);
    expect(await numbers(ops.pad(graph, x, [0, 1], [1, 0], 9))).toEqual([
      9, 1, 2, 9, 3, 4, 9, 9, 9,
    ]);
    expect(await numbers(graph.emit("Concat", [x, x], { axis: 1 }, [2, 4], "float32"))).toEqual([
      1, 2, 1, 2, 3, 4, 3, 4,
    ]);
    expect(await numbers(ops.transpose(graph, x, [1, 0]))).toEqual([1, 3, 2, 4]);
  });

  it("broadcasts products of matrices", async () => {
    const found = ops.matMul(graph, counted([2, 1, 2]), counted([2, 2]));
    expect(await numbers(found)).toEqual([7, 10, 15, 22]);
  });
});

import { ancestors, Graph, type Node, ops, sizeOf } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../graph/test/evaluate.ts";
import { fewRows } from "../../src/device/few-rows.ts";
import { resolve } from "../../src/device/resolve.ts";
import type { Segment } from "../../src/device/segments.ts";

const numbers = (space: string): Float32Array =>
  Float32Array.from({ length: 600 }, (_, i) => Math.sin(i + space.length));

const opsOf = (nodes: readonly Node[]): readonly string[] => ancestors(nodes).map(({ op }) => op);

async function expectSame(before: readonly Node[], after: readonly Node[]): Promise<void> {
  const [wanted, found] = [await evaluate(before, numbers), await evaluate(after, numbers)];
  wanted.forEach((values, i) => {
    expect(found[i]).toHaveLength(values.length);
    values.forEach((value, j) => {
      expect(found[i][j]).toBeCloseTo(value, 4);
    });
  });
}

describe("products of few rows", () => {
  it("inner products along any axis are sums by elements", async () => {
    const graph = new Graph();
    const gramians = [
      ops.gramian(graph, graph.view("x", 0, [3, 7]), 0),
      ops.gramian(graph, graph.view("x", 0, [2, 5, 4]), 1),
      ops.gramian(graph, graph.view("x", 0, [6, 3, 4]), 0),
      ops.gramian(graph, graph.view("x", 0, [5]), 0),
      ops.gramian(graph, graph.view("x", 0, [1, 9]), 0),
    ];
    const found = fewRows(graph, gramians);
    expect(opsOf(found)).not.toContain("Gramian");
    await expectSame(gramians, found);
  });

  it("a weighted sum of rows, too; other products stay", async () => {
    const graph = new Graph();
    const product = (rows: number, inner: number) =>
      ops.matMul(graph, graph.view("w", 0, [rows, inner]), graph.view("x", 0, [inner, 20]));
    const few = [product(1, 1), product(1, 4)];
    const others = [product(2, 4), product(1, 17)];
    expect(opsOf(fewRows(graph, few))).not.toContain("MatMul");
    expect(fewRows(graph, others)).toEqual(others);
    await expectSame(few, fewRows(graph, few));
  });
});

describe("memories in segments", () => {
  const segment = (at: number, shape: readonly number[]): Segment => {
    const [size, space] = [sizeOf(shape), "m"];
    return { name: `m@${at}`, space, at, size, shape, parameters: [] };
  };
  /** m[2 … 8) and m[10 … 16) are on the device. */
  const segments = [segment(2, [2, 3]), segment(10, [6])];
  const read = (at: number, shape: readonly number[], space = "m") => {
    const graph = new Graph();
    const [found] = resolve(graph, [graph.view(space, at, shape)], (name) =>
      name === "m" ? segments : [],
    );
    return found;
  };
  /** Of the memory the elements are their places; of segments, too. */
  const places = (space: string): Float32Array => {
    const from = Number(space.split("@")[1] ?? 0);
    return Float32Array.from({ length: 40 }, (_, i) => from + i);
  };

  it.each([
    ["a whole segment", 2, [2, 3]],
    ["a whole segment in another shape", 2, [6]],
    ["a piece of one", 11, [2, 2]],
    ["what no segment has", 17, [5]],
    ["all there is, and what lies between", 0, [4, 5]],
    ["the end of one and what follows", 14, [4]],
  ])("%s", async (_, at, shape) => {
    const found = read(at, shape);
    const size = sizeOf(shape);
    expect(found.shape).toEqual(shape);
    const [values] = await evaluate([found], places);
    expect([...values]).toEqual(Array.from({ length: size }, (_, i) => at + i));
    for (const node of ancestors([found])) {
      if (node.op !== "View" || node.attributes.space === "m") continue;
      // A tensor is read in its own shape, from its start.
      const own = segments.find(({ name }) => name === node.attributes.space);
      expect([node.attributes.at, node.shape]).toEqual([0, own?.shape]);
    }
  });

  it("a whole segment is read as it is; other memories are left alone", () => {
    expect(opsOf([read(2, [2, 3])])).toEqual(["View"]);
    expect(read(3, [2], "other")).toMatchObject({ attributes: { space: "other", at: 3 } });
  });
});

/** What XLA is given instead of a graph is worth the same, and is in the form that is said. */
import { ancestors, Graph, type Node, ops, type Shape, sizeOf } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../graph/test/evaluate.ts";
import { differenceIn } from "../../graph/test/runtime/run.ts";
import { forXla } from "../src/xla.ts";

const numbers = (seed: number, size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(seed + 7 * i));

/** A graph on memories "a" and "b", as it is given to XLA. */
async function given(make: (graph: Graph, a: Node, b: Node) => Node, a: Shape, b: Shape) {
  const graph = new Graph();
  const before = make(graph, graph.view("a", 0, a), graph.view("b", 0, b));
  const [after] = forXla(graph, [before]);
  const memory = (space: string): Float32Array =>
    space === "a" ? numbers(1, sizeOf(a)) : numbers(2, sizeOf(b));
  const isAsBefore = async (): Promise<void> => {
    const run = () => evaluate([after], memory);
    expect(await differenceIn(run, [before], memory)).toBeLessThan(1e-5);
  };
  await isAsBefore();
  return ancestors([after]).map(({ op }) => op);
}

const count = (all: readonly string[], op: string): number =>
  all.filter((one) => one === op).length;

const turned = (graph: Graph, x: Node): Node => {
  const last = x.shape.length - 1;
  return ops.transpose(graph, x, [...x.shape.keys()].slice(0, -2).concat(last, last - 1));
};

describe("products of a batch with an operand that is the same along an axis", () => {
  it.each([
    ["left", [1, 2, 8, 8], [3, 2, 8, 2048]],
    ["right", [3, 2, 2048, 8], [1, 2, 8, 8]],
    ["left, of fewer axes", [2, 8, 8], [3, 2, 8, 2048]],
  ])("copy it where it is small: %s", async (_, a, b) => {
    const found = await given(ops.matMul, a, b);
    expect([count(found, "Expand"), count(found, "MatMul")]).toEqual([1, 1]);
  });

  it.each([
    ["as it is", ops.matMul, [2, 64, 256], [3, 2, 256, 64]],
    ["a matrix", ops.matMul, [64, 256], [3, 256, 128]],
    [
      "turned",
      (graph: Graph, a: Node, b: Node) => ops.matMul(graph, turned(graph, a), b),
      [256, 64],
      [3, 256, 128],
    ],
    [
      "the others turned",
      (graph: Graph, a: Node, b: Node) => ops.matMul(graph, a, turned(graph, b)),
      [1, 2, 64, 256],
      [3, 2, 64, 256],
    ],
    [
      "right, the others turned",
      (graph: Graph, a: Node, b: Node) => ops.matMul(graph, turned(graph, a), b),
      [3, 512, 64],
      [1, 512, 128],
    ],
  ])("are one each where it is large: %s", async (_, make, a, b) => {
    const found = await given(make, a, b);
    expect([count(found, "MatMul"), count(found, "Concat")]).toEqual([3, 1]);
  });

  it.each([
    ["few numbers", [4, 8], [3, 8, 5]],
    ["all rows by one matrix", [3, 64, 512], [512, 300]],
    ["two of them broadcast", [1, 2, 64, 256], [3, 1, 256, 128]],
    ["results that are larger", [256, 64], [17, 64, 128]],
  ])("stay as they are: %s", async (_, a, b) => {
    expect(count(await given(ops.matMul, a, b), "MatMul")).toBe(1);
  });
});

it("few rows, weighted, are added up", async () => {
  const found = await given(ops.matMul, [1, 3], [3, 50]);
  expect([count(found, "MatMul"), count(found, "Mul")]).toEqual([0, 3]);
});

describe("Gramians", () => {
  it.each([
    ["of few rows, by one row at a time", [3, 5, 80], 0, 3],
    ["of slices behind an axis of one", [1, 2, 80], 1, 2],
    ["of more rows stay as they are", [4, 80], 0, 0],
    ["of one row stay as they are", [1, 80], 0, 0],
    ["of slices that are spread stay as they are", [5, 2, 80], 1, 0],
  ])("%s", async (_, shape, axis, products) => {
    const found = await given((graph, a) => ops.gramian(graph, a, axis), shape, [1]);
    expect([count(found, "MatMul"), count(found, "Gramian")]).toEqual([
      products,
      products === 0 ? 1 : 0,
    ]);
  });
});

describe("sums over the last axis", () => {
  it.each([
    ["of four axes", [2, 3, 4, 80], 1],
    ["of three, many numbers", [2, 1024, 1024], 1],
    ["of three", [2, 3, 80], 0],
  ])("%s", async (_, shape, products) => {
    const sum = (graph: Graph, a: Node): Node => ops.sum(graph, a, [shape.length - 1]);
    expect(count(await given(sum, shape, [1]), "MatMul")).toBe(products);
  });
});

describe("large products of a batch, and what lies between them", () => {
  /** Tasks [2] by width 128 by examples 1024: as many numbers as make pieces worth it. */
  const masked = (graph: Graph, a: Node, b: Node): Node => {
    const hidden = ops.matMul(graph, a, b);
    const mask = ops.logic(graph, "Greater", graph.view("b", 0, [128, 1024]), graph.constant(0));
    return ops.mul(graph, hidden, ops.cast(graph, mask, "float32"));
  };

  it("go piece by piece, each piece made once", async () => {
    const found = await given(
      (graph, a, b) => {
        const between = masked(graph, a, b);
        const flat = ops.reshape(graph, between, [256, 1024]);
        const rows = ops.matMul(graph, flat, graph.view("b", 0, [1024, 3]));
        const next = ops.matMul(graph, graph.view("a", 0, [128, 128]), between);
        return ops.concat(
          graph,
          [
            ops.reshape(graph, rows, [768]),
            ops.reshape(graph, ops.sum(graph, between, [2]), [256]),
            ops.reshape(graph, ops.sum(graph, turned(graph, next), [1]), [256]),
          ],
          0,
        );
      },
      [2, 128, 64],
      [2, 64, 1024],
    );
    expect([count(found, "MatMul"), count(found, "Mul")]).toEqual([4 * 2, 2]);
  });

  it.each([
    ["one task", [1, 128, 64], [1, 64, 1024]],
    ["few numbers", [2, 64, 64], [2, 64, 1024]],
    ["very many tasks", [17, 128, 4], [17, 4, 1024]],
  ])("stay whole: %s", async (_, a, b) => {
    expect(count(await given(ops.matMul, a, b), "MatMul")).toBe(1);
  });
});

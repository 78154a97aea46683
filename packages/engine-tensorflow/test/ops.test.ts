import { Graph, type Op, ops } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CASES } from "../../engine-onnx/test/onnx/cases.ts";
import { Drawing } from "../../engine-onnx/test/onnx/drawing.ts";
import { difference, isThere, run } from "./support.ts";

describe.skipIf(!isThere)("every op, run in TensorFlow", () => {
  it.each(Object.keys(CASES) as Op[])("%s is what the interpreter says", async (op) => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const drawing = new Drawing(draw);
        const node = CASES[op](drawing);
        expect(await difference([node], drawing.memory)).toBeLessThan(1e-6);
      }),
      { numRuns: 25 },
    );
  });

  /** In float64, where results may be far below 1. */
  const exact = {
    Exp: Math.exp,
    Sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
    Softplus: (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0),
    Tanh: Math.tanh,
  } as const;

  it.each(Object.keys(exact) as (keyof typeof exact)[])(
    "%s keeps its digits where it is small",
    async (op) => {
      const points = Float32Array.from({ length: 401 }, (_, i) => (i - 200) * 0.1 + 0.01);
      const graph = new Graph();
      const [found] = await run(
        [ops.unary(graph, op, graph.view("x", 0, [points.length]))],
        () => points,
      );
      points.forEach((x, i) => {
        expect(Math.abs(found[i] / exact[op](x) - 1), `at ${x}`).toBeLessThan(1e-6);
      });
    },
  );
});

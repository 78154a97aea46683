import { Graph, type Node, type Op, ops } from "@polytask/graph";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CASES } from "./cases.ts";
import { Drawing } from "./drawing.ts";
import { differenceIn, type Run } from "./run.ts";

/** In float64, where results may be far below 1. */
const EXACT = {
  Exp: Math.exp,
  Sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  Softplus: (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0),
  Tanh: Math.tanh,
} as const;

export interface DescribeOpsOptions {
  /** Wider for what a device computes roughly. Default: 1e-6 for all. */
  readonly tolerance?: (op: Op) => number;
  /** What is run in a node's place. */
  readonly form?: (graph: Graph, node: Node) => Node;
}

/** Holds a runtime to what node.ts says of every op. */
export function describeOps(
  run: Run,
  { tolerance = () => 1e-6, form = (_, node) => node }: DescribeOpsOptions = {},
): void {
  const runFormed =
    (graph: Graph): Run =>
    (nodes, memory) =>
      run(
        nodes.map((node) => form(graph, node)),
        memory,
      );

  it.each(Object.keys(CASES) as Op[])("%s is what the interpreter says", async (op) => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const drawing = new Drawing(draw);
        const node = CASES[op](drawing);
        const off = await differenceIn(runFormed(drawing.graph), [node], drawing.memory);
        expect(off).toBeLessThan(tolerance(op));
      }),
      { numRuns: 25 },
    );
  });

  // Too rare to be drawn every time: TensorFlow once took the step of a single window for that of other axes.
  it.each([
    [
      [3, 4],
      [2, 2],
      [1, 3],
    ],
    [
      [4, 3],
      [2, 2],
      [3, 1],
    ],
    [
      [2, 4, 3],
      [1, 3, 3],
      [1, 1, 2],
    ],
  ])("windows over %s of size %s, in steps of %s, are those of the interpreter", async (...of) => {
    const [spatial, kernel, strides] = of;
    const graph = new Graph();
    const ones = strides.map(() => 1);
    const none = strides.map(() => 0);
    const window = { strides, dilations: ones, padsBefore: none, padsAfter: none, groups: 1 };
    const node = ops.conv(
      graph,
      graph.view("x", 0, [1, 1, ...spatial]),
      graph.view("w", 0, [1, 1, ...kernel]),
      window,
    );
    const numbers = Float32Array.from({ length: 24 }, (_, i) => Math.sin(7 * i));
    expect(await differenceIn(runFormed(graph), [node], () => numbers)).toBeLessThan(
      tolerance("Conv"),
    );
  });
}

/** Holds a runtime to relative exactness, where results are far below 1. */
export function describeSmallResults(run: Run): void {
  it.each(Object.keys(EXACT) as (keyof typeof EXACT)[])(
    "%s keeps its digits where it is small",
    async (op) => {
      const points = Float32Array.from({ length: 401 }, (_, i) => (i - 200) * 0.1 + 0.01);
      const graph = new Graph();
      const node = ops.unary(graph, op, graph.view("x", 0, [points.length]));
      const [found] = await run([node], () => points);
      points.forEach((x, i) => {
        const exact = EXACT[op](x);
        expect(Math.abs(found[i] / exact - 1), `at ${x}`).toBeLessThan(1e-6);
      });
    },
  );
}

import { type DType, Graph, type Node, type Op } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { describeOps } from "../../../graph/test/runtime/describe-ops.ts";
import { differenceIn } from "../../../graph/test/runtime/run.ts";
import { forWebgpu } from "../../src/webgpu.ts";
import { run } from "../onnx/support.ts";
import { isThere } from "./adapter.ts";

/** They come from few terms on a GPU. */
const ROUGH: ReadonlySet<Op> = new Set(["Acos", "Cos", "Sin", "Tan"]);

const form = (graph: Graph, node: Node): Node =>
  forWebgpu(graph, [{ node, space: "", at: 0 }])[0].node;

describe.skipIf(!isThere)("every op, run on the webgpu provider", { timeout: 120_000 }, () => {
  describeOps((nodes, memory) => run(nodes, memory, { provider: "webgpu" }), {
    tolerance: (op) => (ROUGH.has(op) ? 5e-4 : 1e-5),
    form,
  });

  // Drawn in one run of two.
  it.each([
    ["float32", [3, 8], [3, 1]],
    ["float32", [1, 1], [2, 4]],
    ["int32", [4, 1], [1, 4]],
  ] as const)("powers of broadcast operands, %s: %j, %j", async (dtype: DType, a, b) => {
    const graph = new Graph();
    const operands = [graph.view("a", 0, a, dtype), graph.view("b", 0, b, dtype)];
    const shape = [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
    const node = graph.emit("Pow", operands, null, shape, dtype);
    const numbers = Array.from({ length: 24 }, (_, i) => 1 + (i % 3));
    const values = dtype === "int32" ? Int32Array.from(numbers) : Float32Array.from(numbers);
    const runFormed = () => run([form(graph, node)], () => values, { provider: "webgpu" });
    expect(await differenceIn(runFormed, [node], () => values)).toBeLessThan(1e-5);
  });
});

/** What WebGPU is given in place of what it has wrong is worth the same. */
import { ancestors, Graph, type Node, ops } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../graph/test/evaluate.ts";
import { CASES } from "../../../graph/test/runtime/cases.ts";
import { Drawing } from "../../../graph/test/runtime/drawing.ts";
import { differenceIn } from "../../../graph/test/runtime/run.ts";
import { forWebgpu } from "../../src/webgpu.ts";

const formOf = (graph: Graph, node: Node): Node =>
  forWebgpu(graph, [{ node, space: "", at: 0 }])[0].node;

/** What onnxruntime-node 1.30 has wrong, or refuses, on WebGPU. */
function isUnsafe(node: Node): boolean {
  if (node.op === "Pow") {
    const byFours = (node.shape.at(-1) ?? 1) % 4 === 0;
    return byFours && node.inputs.some(({ shape }) => shape.length > 1 && shape.at(-1) === 1);
  }
  if (node.op === "Slice") return node.attributes.steps.some((step) => step < 0);
  if (node.op !== "Conv" && node.op !== "ConvTranspose") return false;
  const [data, filter] = node.inputs;
  const { groups, padsBefore, padsAfter } = node.attributes;
  const [channels, others, ...kernel] = filter.shape;
  if (node.op === "ConvTranspose") {
    return kernel.length > 2 || (groups > 1 && others === 1 && channels > groups);
  }
  const isLong = kernel.every((size, i) => size === data.shape[i + 2]);
  const isPaddedBehind = padsBefore.every((pad) => pad === 0) && padsAfter.some((pad) => pad > 0);
  return (groups > 1 && kernel.length > 2) || (isLong && isPaddedBehind);
}

describe("the forms for WebGPU", () => {
  it.each(["Pow", "Slice", "Conv", "ConvTranspose"] as const)("of %s", async (op) => {
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const drawing = new Drawing(draw);
        const node = CASES[op](drawing);
        const form = formOf(drawing.graph, node);
        expect(form === node).toBe(!isUnsafe(node));
        expect(ancestors([form]).filter(isUnsafe)).toEqual([]);
        const run = () => evaluate([form], drawing.memory);
        expect(await differenceIn(run, [node], drawing.memory)).toBeLessThan(1e-5);
        changed += Number(form !== node);
      }),
      { numRuns: 200 },
    );
    expect(changed).toBeGreaterThan(0);
  });

  it("leave alone what it does well", () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [1, 2, 5, 5]);
    const window = { strides: [2, 2], dilations: [1, 1], padsBefore: [1, 1], padsAfter: [1, 1] };
    const node = ops.conv(graph, x, graph.view("w", 0, [2, 1, 3, 3]), { ...window, groups: 2 });
    expect(formOf(graph, node)).toBe(node);
  });
});

import type { Op } from "@polytask/graph";
import { describe } from "vitest";
import { describeOps } from "../../../graph/test/runtime/describe-ops.ts";
import { forWebgpu } from "../../src/webgpu.ts";
import { run } from "../onnx/support.ts";
import { isThere } from "./adapter.ts";

/** They come from few terms on a GPU. */
const ROUGH: ReadonlySet<Op> = new Set(["Acos", "Cos", "Sin", "Tan"]);

describe.skipIf(!isThere)("every op, run on the webgpu provider", { timeout: 120_000 }, () => {
  describeOps((nodes, memory) => run(nodes, memory, { provider: "webgpu" }), {
    tolerance: (op) => (ROUGH.has(op) ? 5e-4 : 1e-5),
    form: (graph, node) => forWebgpu(graph, [{ node, space: "", at: 0 }])[0].node,
  });
});

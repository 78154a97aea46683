import { describe } from "vitest";
import { describeOps } from "../../../graph/test/runtime/describe-ops.ts";
import { forWebgpu } from "../../src/webgpu.ts";
import { run } from "../onnx/support.ts";
import { isThere } from "./adapter.ts";

/** Sines and powers come from few terms on a GPU. */
const ROUGH = 5e-4;

describe.skipIf(!isThere)("every op, run on the webgpu provider", { timeout: 120_000 }, () => {
  describeOps((nodes, memory) => run(nodes, memory, { provider: "webgpu" }), {
    tolerance: ROUGH,
    form: (graph, node) => forWebgpu(graph, [{ node, space: "", at: 0 }])[0].node,
  });
});

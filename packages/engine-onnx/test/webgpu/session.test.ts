import { Graph, type Node, ops } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { encode } from "../../src/onnx/index.ts";
import { createSession, outputsOf, tensorOf, type Tensors } from "../../src/session/index.ts";
import { difference } from "../onnx/support.ts";
import { isThere } from "./adapter.ts";

describe.skipIf(!isThere)("on the webgpu provider", () => {
  it("gives what the interpreter gives", async () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [8, 16]);
    const weights = graph.view("x", 128, [3, 16, 4]);
    const hidden = ops.unary(graph, "Relu", ops.matMul(graph, x, weights));
    const nodes: readonly Node[] = [
      hidden,
      ops.sum(graph, hidden, [0, 1]),
      ops.softmax(graph, "Softmax", ops.matMul(graph, x, ops.swapLast(graph, x))),
      ops.scatterAdd(graph, graph.view("ids", 0, [8], "int32"), x, 5),
      ops.scatterAdd(graph, graph.view("ids", 0, [8], "int32"), x, 500),
      ops.gather(graph, x, graph.view("ids", 0, [8], "int32"), 0),
      ops.cast(graph, ops.logic(graph, "Greater", x, graph.constant(0)), "float32"),
    ];
    const memory = (space: string) =>
      space === "ids"
        ? Int32Array.from({ length: 8 }, (_, i) => i % 3)
        : Float32Array.from({ length: 400 }, (_, i) => Math.sin(i) / 2);
    expect(await difference(nodes, memory, { provider: "webgpu" })).toBeLessThan(1e-5);
  });

  it("writes as many pieces of memory at once as WebGPU lets it", async () => {
    const graph = new Graph();
    const nodes = Array.from({ length: 40 }, (_, i) => ({
      name: `y/${i}`,
      node: ops.add(graph, graph.view("x", i, []), graph.constant(1)),
    }));
    const { bytes, inputs } = encode(nodes, { pieces: outputsOf("webgpu") });
    const session = await createSession(bytes, { provider: "webgpu" });
    const places = Float32Array.from({ length: 40 }, (_, i) => i);
    const feeds: Tensors = {};
    for (const { name, view } of inputs) {
      const { at } = view.attributes;
      feeds[name] = tensorOf(places.subarray(at, at + view.shape[0]), view.shape, view.dtype);
    }
    const results = await session.run(
      feeds,
      Object.fromEntries(nodes.map(({ name }) => [name, null])),
    );
    await session.release();
    expect(inputs.length).toBeLessThan(10);
    expect(nodes.map(({ name }) => (results[name].data as Float32Array)[0])).toEqual(
      Array.from(places, (place) => place + 1),
    );
  });

  it("keeps on the device what the next run reads", { timeout: 300_000 }, async () => {
    const graph = new Graph();
    const w = graph.view("w", 0, [64]);
    const nodes = [
      { name: "next", node: ops.add(graph, w, graph.constant(0.5)) },
      { name: "sum", node: ops.sum(graph, w, [0]) },
    ];
    const { bytes, inputs } = encode(nodes, { inPlace: false });
    const locations = { next: "device", sum: "host" } as const;
    const session = await createSession(bytes, { provider: "webgpu", locations });
    let kept: Tensors[string] = tensorOf(new Float32Array(64).fill(1), [64], "float32");
    const sums: number[] = [];
    const places = new Set<string>();
    for (let step = 0; step < 50; step++) {
      const { next, sum } = await session.run(
        { [inputs[0].name]: kept },
        { next: null, sum: null },
      );
      sums.push((sum.data as Float32Array)[0]);
      places.add(next.location);
      kept.dispose();
      kept = next;
    }
    kept.dispose();
    await session.release();
    expect([...places]).toEqual(["gpu-buffer"]);
    expect(sums).toEqual(Array.from({ length: 50 }, (_, step) => 64 + 32 * step));
  });
});

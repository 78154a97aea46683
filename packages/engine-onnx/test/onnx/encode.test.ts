import { Graph, type Node, ops } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { encode } from "../../src/onnx/index.ts";
import { difference, run } from "./support.ts";

const counting = (): Float32Array => Float32Array.from({ length: 4096 }, (_, i) => (i % 97) / 8);
const inputsOf = (nodes: readonly Node[]): readonly string[] =>
  encode(nodes.map((node, i) => ({ name: `y${i}`, node }))).inputs.map(
    ({ view: { attributes, shape, dtype } }) =>
      `${attributes.space} ${attributes.at} [${shape.join()}] ${dtype}`,
  );

describe("what a model reads", () => {
  it("is one input where small pieces are neighbours", async () => {
    const graph = new Graph();
    const [a, b, c] = [
      graph.view("p", 0, [2, 3]),
      graph.view("p", 6, [3]),
      graph.view("p", 9, [2, 1]),
    ];
    const node = ops.mul(graph, ops.add(graph, a, b), c);
    expect(inputsOf([node])).toEqual(["p 0 [11] float32"]);
    expect(await difference([node], counting)).toBe(0);
  });

  it("stays apart where there is a gap, another type or another memory, and where copies would cost more", async () => {
    const graph = new Graph();
    const apart = [
      graph.view("p", 0, [3]),
      graph.view("p", 4, [3]),
      graph.view("p", 7, [3], "int32"),
      graph.view("q", 10, [3]),
      graph.view("q", 13, [3000]),
    ];
    expect(inputsOf(apart)).toHaveLength(5);
  });

  it("is read once, under whatever shapes", async () => {
    const graph = new Graph();
    const [a, b] = [graph.view("p", 0, [2, 3]), graph.view("p", 0, [3, 2])];
    const node = ops.matMul(graph, a, b);
    expect(inputsOf([node])).toEqual(["p 0 [2,3] float32"]);
    expect(await difference([node], counting)).toBe(0);
  });

  it("may overlap", async () => {
    const graph = new Graph();
    const pieces = [
      graph.view("p", 0, [4]),
      graph.view("p", 2, [4]),
      graph.view("p", 4, [4]),
      graph.view("p", 8, [2, 2]),
    ];
    const node = pieces
      .map((x) => ops.reshape(graph, x, [4]))
      .reduce((x, y) => ops.add(graph, x, y));
    expect(await difference([node], counting)).toBe(0);
  });
});

describe("what a model gives", () => {
  it("may be an input, a constant, known numbers, or the same value twice", async () => {
    const graph = new Graph();
    const x = graph.view("p", 0, [2, 2]);
    const twice = ops.add(graph, x, x);
    const literal = graph.literal([1, 2, 3], [3], "int32");
    const nodes = [
      x,
      graph.constant(7, [2, 3], "int32"),
      literal,
      twice,
      twice,
      graph.constant(-0),
    ];
    expect(await difference(nodes, counting)).toBe(0);
    const [, sevens, , , , zero] = await run(nodes, counting);
    expect(Array.from(sevens)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(Object.is(zero[0], -0)).toBe(true);
  });

  it("may have no axes, or an axis of length 0", async () => {
    const graph = new Graph();
    const x = graph.view("p", 1, []);
    const none = graph.view("q", 0, [0, 3]);
    const nodes = [ops.unary(graph, "Exp", x), ops.add(graph, none, graph.view("p", 0, [3]))];
    expect(await difference(nodes, counting)).toBeLessThan(1e-6);
  });

  it("keeps its names from what stands inside", async () => {
    const graph = new Graph();
    const sum = ops.add(graph, graph.view("p", 0, [2]), graph.view("q", 0, [2]));
    const outputs = [
      { name: "Add_0", node: ops.unary(graph, "Exp", sum) },
      { name: "Exp_1", node: sum },
    ];
    const { bytes } = encode(outputs, { inPlace: false });
    const { InferenceSession } = await import("onnxruntime-node");
    const session = await InferenceSession.create(bytes);
    expect([...session.outputNames].sort()).toEqual(["Add_0", "Exp_1"]);
    await session.release();
  });
});

describe("constants", () => {
  it("are one number in their reader, unless the shape is theirs", async () => {
    const graph = new Graph();
    const x = graph.view("p", 0, [3]);
    const two = graph.constant(2, [2, 3]);
    const sum = graph.emit("Add", [x, two], null, [2, 3], "float32");
    const product = graph.emit("Mul", [graph.view("p", 0, [2, 3]), two], null, [2, 3], "float32");
    expect(await difference([sum, product], counting)).toBe(0);
    const model = (node: Node) =>
      Buffer.from(encode([{ name: "y", node }]).bytes).toString("latin1");
    expect(model(sum)).toContain("ConstantOfShape");
    expect(model(product)).not.toContain("ConstantOfShape");
  });

  it("may be anything that float32 holds", async () => {
    const graph = new Graph();
    const x = graph.view("p", 0, [2]);
    const nodes = [NaN, Infinity, -Infinity, 1e-45, -0, 3.4e38].map((value) =>
      ops.concat(graph, [x, graph.constant(value, [2])], 0),
    );
    expect(await difference(nodes, counting)).toBe(0);
  });
});

import { ancestors, Graph, type Node, ops, type Shape, sizeOf } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  estimate,
  examplesLast,
  fuse,
  mergeProducts,
  optimise,
  readMasks,
  sinkMoves,
  turnOnce,
} from "../src/passes/index.ts";
import { apart } from "./passes/close.ts";
import {
  cgcBanks,
  mixed,
  mmoe,
  type Model,
  sharedBottom,
  type Style,
  traceRows,
  traceSum,
} from "./passes/models.ts";
import { choices, products } from "./passes/products.ts";

const opsOf = (outputs: readonly Node[], op: string): readonly Node[] =>
  ancestors(outputs).filter((node) => node.op === op);

describe("mergeProducts", () => {
  it("makes a sum over lanes of products one product with a longer inner axis", async () => {
    const make = (batch: number): { graph: Graph; outputs: readonly Node[] } => {
      const graph = new Graph();
      const d = graph.view("x", 0, [8, batch, 16]);
      const w = ops.swapLast(graph, graph.view("parameters", 0, [8, 128, 16]));
      return { graph, outputs: [ops.sum(graph, ops.matMul(graph, d, w), [0])] };
    };
    const { graph, outputs } = make(256);
    const [merged] = mergeProducts(graph, outputs);
    expect(merged.op).toBe("MatMul");
    expect(merged.inputs.map(({ shape }) => shape)).toEqual([
      [256, 128],
      [128, 128],
    ]);
    const small = make(3);
    expect(await apart(mergeProducts(small.graph, small.outputs), small.outputs)).toBeLessThan(
      1e-6,
    );
  });

  it("leaves it a sum of products where these are wider than what they multiply", () => {
    const graph = new Graph();
    const d = graph.view("x", 0, [4, 256, 512]);
    const w = graph.view("parameters", 0, [4, 512, 8]);
    const outputs = [ops.sum(graph, ops.matMul(graph, d, w), [0])];
    expect(mergeProducts(graph, outputs)).toEqual(outputs);
  });

  it("meets what all tasks share once per example, not once per task", async () => {
    const graph = new Graph();
    const gates = graph.view("x", 0, [4, 64, 1, 8]);
    const experts = graph.view("y", 0, [64, 8, 16]);
    const outputs = [ops.matMul(graph, gates, experts)];
    const merged = mergeProducts(graph, outputs);
    expect(opsOf(merged, "MatMul").map(({ shape }) => shape)).toEqual([[64, 4, 16]]);
    expect(await apart(merged, outputs)).toBeLessThan(1e-6);
  });

  it("adds up tasks' gradients at a shared value inside the product", async () => {
    const graph = new Graph();
    const parts = [0, 1].map((k) =>
      ops.matMul(
        graph,
        graph.view("x", 512 * k, [64, 8, 1]),
        graph.view("y", 1024 * k, [64, 1, 16]),
      ),
    );
    const outputs = [ops.add(graph, parts[0], parts[1])];
    const merged = mergeProducts(graph, outputs);
    expect(opsOf(merged, "MatMul")).toHaveLength(1);
    expect(opsOf(merged, "Add")).toHaveLength(0);
    expect(await apart(merged, outputs)).toBeLessThan(2e-6);
  });

  it("multiplies what is only spread where the result is wanted, and moves nothing", async () => {
    const graph = new Graph();
    const g = graph.view("x", 0, [2, 64, 8, 1]);
    const d = graph.view("y", 0, [2, 64, 1, 32]);
    const outputs = [ops.transpose(graph, ops.matMul(graph, g, d), [0, 2, 1, 3])];
    const merged = mergeProducts(graph, outputs);
    expect(opsOf(merged, "MatMul")).toHaveLength(0);
    const moved = opsOf(merged, "Transpose").map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(Math.max(0, ...moved)).toBeLessThan(2048);
    expect(await apart(merged, outputs)).toBeLessThan(1e-6);
  });

  it("sums first what one operand alone adds up", async () => {
    const graph = new Graph();
    const d = graph.view("x", 0, [16, 32, 8]);
    const outputs = [
      ops.sum(graph, ops.matMul(graph, d, graph.view("parameters", 0, [8, 64])), [0]),
    ];
    const merged = mergeProducts(graph, outputs);
    expect(opsOf(merged, "MatMul").map(({ shape }) => shape)).toEqual([[32, 64]]);
    expect(await apart(merged, outputs)).toBeLessThan(2e-6);
  });
});

describe("sinkMoves", () => {
  it("moves what is left of a value instead of the value", async () => {
    const graph = new Graph();
    const x = ops.unary(graph, "Sin", graph.view("x", 0, [8, 64, 32]));
    const wide = ops.reshape(graph, ops.transpose(graph, x, [1, 0, 2]), [64, 256]);
    const masked = ops.mul(graph, wide, graph.view("y", 0, [256]));
    const a = ops.swapLast(graph, graph.view("parameters", 0, [64, 16]));
    const outputs = [ops.matMul(graph, a, masked), ops.sum(graph, masked, [0])];
    const sunk = sinkMoves(graph, outputs);
    const largest = (of: readonly Node[]): number =>
      Math.max(...opsOf(of, "Transpose").map(({ shape }) => shape.reduce((p, q) => p * q, 1)));
    expect(largest(outputs)).toBe(8 * 64 * 32);
    expect(largest(sunk)).toBeLessThan(8 * 64 * 32);
    expect(estimate(sunk)).toBeLessThan(estimate(outputs));
    expect(await apart(sunk, outputs)).toBeLessThan(1e-6);
  });

  it("leaves a move alone that something needs", () => {
    const graph = new Graph();
    const x = ops.unary(graph, "Sin", graph.view("x", 0, [8, 64, 64]));
    const outputs = [ops.softmax(graph, "Softmax", ops.transpose(graph, x, [2, 1, 0]))];
    expect(sinkMoves(graph, outputs)).toEqual(outputs);
  });
});

describe("readMasks", () => {
  it("reads x > 0 off relu(x), if that is there", async () => {
    const graph = new Graph();
    const z = ops.unary(graph, "Sin", graph.view("x", 0, [4, 4]));
    const step = ops.unary(graph, "Step", z);
    expect(readMasks(graph, [step])).toEqual([step]);
    const outputs = [ops.unary(graph, "Relu", z), ops.mul(graph, step, graph.view("y", 0, [4, 4]))];
    const read = readMasks(graph, outputs);
    expect(opsOf(read, "Step").map(({ inputs }) => inputs[0].op)).toEqual(["Relu"]);
    expect(await apart(read, outputs)).toBe(0);
  });
});

describe("turnOnce", () => {
  it("turns a matrix before a batch of products, and leaves single products alone", async () => {
    const graph = new Graph();
    const turned = ops.swapLast(graph, ops.unary(graph, "Sin", graph.view("x", 0, [6, 5])));
    const outputs = [
      ops.matMul(graph, turned, graph.view("y", 0, [4, 6, 3])),
      ops.matMul(graph, turned, graph.view("y", 0, [6, 3])),
    ];
    const [batch, single] = turnOnce(graph, outputs);
    expect(batch.inputs[0].op).toBe("Reshape");
    expect(batch.inputs[0].inputs[0].shape).toEqual([1, 5, 6]);
    expect(single).toBe(outputs[1]);
    expect(await apart([batch, single], outputs)).toBe(0);
  });
});

describe("examplesLast", () => {
  const B = 6;
  const parameter = (graph: Graph, at: number, shape: Shape): Node =>
    graph.view("parameters", at, shape);
  const layer = (graph: Graph, x: Node, at: number, units: number): Node => {
    const product = ops.matMul(graph, x, parameter(graph, at, [x.shape.at(-1) ?? 1, units]));
    return ops.unary(graph, "Relu", ops.add(graph, product, parameter(graph, at + 300, [units])));
  };
  const turnedSizes = (outputs: readonly Node[]): readonly number[] =>
    opsOf(outputs, "Transpose").map(({ shape }) => sizeOf(shape));

  it("computes what follows [examples, units] as [units, examples]", async () => {
    const graph = new Graph();
    const hidden = layer(graph, graph.view("x", 0, [B, 8]), 0, 12);
    const scores = layer(graph, hidden, 500, 4);
    const outputs = [ops.sum(graph, scores, [0])];
    const turned = examplesLast(graph, outputs, B);
    expect(opsOf(turned, "MatMul").map(({ shape }) => shape)).toEqual([
      [12, B],
      [4, B],
    ]);
    // Only what products turn as they read it.
    expect(Math.max(...turnedSizes(turned))).toBe(12 * 8);
    expect(await apart(turned, outputs)).toBeLessThan(1e-6);
  });

  it("adds up mixtures of experts where they lie", async () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [64, 8]);
    const experts = ops.matMul(graph, x, parameter(graph, 0, [4, 8, 16]));
    const gates = ops.softmax(
      graph,
      "Softmax",
      ops.matMul(graph, x, parameter(graph, 900, [2, 8, 4])),
    );
    const mixed = ops.matMul(
      graph,
      ops.transpose(graph, gates, [1, 0, 2]),
      ops.transpose(graph, experts, [1, 0, 2]),
    );
    const outputs = [ops.sum(graph, mixed, [0])];
    const turned = examplesLast(graph, outputs, 64);
    expect(opsOf(turned, "Mul").map(({ shape }) => sizeOf(shape))).toContain(2 * 4 * 16 * 64);
    expect(turnedSizes(turned).every((size) => size <= 2 * 4 * 64)).toBe(true);
    expect(await apart(turned, outputs)).toBeLessThan(1e-6);
  });

  const awkward: Readonly<Record<string, (graph: Graph, x: Node) => readonly Node[]>> = {
    "examples against examples": (graph, x) => {
      const h = layer(graph, x, 0, 5);
      return [ops.matMul(graph, h, ops.swapLast(graph, h)), ops.softmax(graph, "Softmax", h)];
    },
    "a softmax over the examples": (graph, x) => [
      ops.softmax(graph, "Softmax", ops.swapLast(graph, layer(graph, x, 0, 5))),
      ops.softmax(graph, "LogSoftmax", layer(graph, x, 0, 5)),
    ],
    "an axis that is cut in two and put together again": (graph, x) => {
      const h = ops.reshape(graph, layer(graph, x, 0, 12), [B, 3, 4]);
      const moved = ops.transpose(graph, h, [1, 0, 2]);
      const back = ops.reshape(graph, ops.transpose(graph, moved, [1, 0, 2]), [B, 12]);
      return [moved, ops.mul(graph, back, ops.reshape(graph, h, [B, 12]))];
    },
    "examples as a part of an axis": (graph, x) => [
      ops.reshape(graph, layer(graph, x, 0, 4), [2, 12]),
      ops.reshape(graph, layer(graph, x, 0, 4), [B * 4]),
    ],
    "a value and itself with two equal axes changed": (graph, x) => {
      const h = ops.reshape(graph, layer(graph, x, 0, 9), [B, 3, 3]);
      return [ops.add(graph, h, ops.swapLast(graph, h)), ops.matMul(graph, h, h)];
    },
    "pieces of units and of examples": (graph, x) => {
      const h = layer(graph, x, 0, 8);
      return [
        ops.slice(graph, h, [0, 2], [B, 4]),
        ops.slice(graph, h, [0, 6], [B, 2], [1, -3]),
        ops.slice(graph, h, [1, 0], [2, 8]),
        ops.concat(graph, [h, layer(graph, x, 400, 3), graph.view("y", 0, [B, 1])], 1),
        ops.concat(graph, [h, h], 0),
      ];
    },
    "reductions over either": (graph, x) => {
      const h = layer(graph, x, 0, 8);
      return [
        ops.reduce(graph, "ReduceMax", h, [1]),
        ops.reduce(graph, "ReduceMin", h, [0]),
        ops.sum(graph, h, [0, 1]),
        ops.sum(graph, ops.mul(graph, h, graph.view("y", 0, [B, 1])), [0]),
      ];
    },
    "what is broadcast": (graph, x) => {
      const h = layer(graph, x, 0, 4);
      return [
        ops.expand(graph, ops.reshape(graph, h, [B, 1, 4]), [2, B, 3, 4]),
        ops.where(
          graph,
          ops.logic(graph, "Greater", h, graph.constant(0.1)),
          ops.reshape(graph, h, [B, 4]),
          graph.view("y", 0, [1, 4]),
        ),
      ];
    },
    "ops that know nothing of it": (graph, x) => [
      ops.cumSum(graph, layer(graph, x, 0, 4), { axis: 0, exclusive: false, reverse: true }),
      ops.pad(graph, layer(graph, x, 0, 4), [1, 0], [0, 2]),
      ops.gather(graph, layer(graph, x, 0, 4), graph.literal([3, 1], [2], "int32"), 0),
    ],
  };
  for (const [name, make] of Object.entries(awkward)) {
    it(`changes nothing: ${name}`, async () => {
      const graph = new Graph();
      const outputs = make(graph, graph.view("x", 0, [B, 7]));
      const turned = examplesLast(graph, outputs, B);
      expect(opsOf(turned, "MatMul").some(({ shape }) => shape.at(-1) === B)).toBe(true);
      expect(await apart(turned, outputs)).toBeLessThan(1e-6);
    });
  }

  it("changes nothing, on random products and moves of axes", async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(choices, fc.constantFrom(3, 5), async (chosen, examples) => {
        const { graph, outputs } = products(chosen, examples);
        const turned = examplesLast(graph, outputs, examples);
        if (opsOf(turned, "MatMul").some(({ shape }) => shape.at(-1) === examples)) found++;
        expect(await apart(turned, outputs)).toBeLessThan(2e-6);
      }),
      { numRuns: 400, seed: 12 },
    );
    expect(found).toBeGreaterThan(200);
  });
});

describe("all passes", () => {
  const models: Readonly<
    Record<string, { readonly model: Model; readonly style: Omit<Style, "batch"> }>
  > = {
    "shared bottom": { model: sharedBottom, style: { tasks: 16, loops: true } },
    "shared bottom, batched and masked": {
      model: sharedBottom,
      style: { tasks: 16, loops: false, masked: true },
    },
    mmoe: { model: mmoe("product"), style: { tasks: 2, loops: false } },
    "mmoe in loops": { model: mmoe("sum"), style: { tasks: 2, loops: true } },
    "cgc, a bank per owner": { model: cgcBanks, style: { tasks: 8, loops: true } },
    "tasks of two kinds": { model: mixed, style: { tasks: 9, loops: true } },
  };
  for (const [name, { model, style }] of Object.entries(models)) {
    for (const [what, trace] of Object.entries({ "Σ L_k": traceSum, J: traceRows })) {
      it(`${name}: ${what} stays what it is`, async () => {
        // Moves of the batches below are worth their search already.
        const { graph, outputs } = trace(model, { ...style, batch: 24 });
        for (const examples of [undefined, 24]) {
          const found = optimise(graph, outputs, { examples }).outputs;
          expect(await apart(found, outputs)).toBeLessThan(2e-6);
        }
        const turned = examplesLast(graph, fuse(graph, outputs).outputs, 24);
        expect(await apart(turned, outputs)).toBeLessThan(2e-6);
      });

      it(`${name}: every pass makes ${what} cheaper`, () => {
        for (const batch of [256, 2048]) {
          const { graph, outputs } = trace(model, { ...style, batch });
          const { estimate: guess } = optimise(graph, outputs).report;
          // Equal sums may differ in their last digits.
          const next = [guess.before, guess.fused, guess.merged, guess.after].map(Math.round);
          expect(next).toEqual([...next].sort((a, b) => b - a));
          expect(guess.after).toBeLessThan(0.995 * guess.before);
        }
      });
    }
  }

  it("moves no large value of mmoe's experts on the way back to the first layer", () => {
    const { graph, outputs } = traceRows(mmoe("product"), { tasks: 2, batch: 256, loops: false });
    const large = 2 * 256 * 8 * 64;
    const moved = opsOf(optimise(graph, outputs, { examples: 256 }).outputs, "Transpose");
    expect(moved.filter(({ shape }) => shape.reduce((a, b) => a * b, 1) >= large)).toEqual([]);
  });

  it("changes nothing, on random products and moves of axes", async () => {
    await fc.assert(
      fc.asyncProperty(choices, async (chosen) => {
        const { graph, outputs } = products(chosen);
        const merged = mergeProducts(graph, outputs);
        expect(await apart(merged, outputs)).toBeLessThan(2e-6);
        const sunk = sinkMoves(graph, readMasks(graph, merged), 1);
        expect(await apart(sunk, outputs)).toBeLessThan(2e-6);
        expect(estimate(sunk)).toBeLessThanOrEqual(estimate(readMasks(graph, merged)));
        expect(await apart(turnOnce(graph, sunk), outputs)).toBeLessThan(2e-6);
      }),
      { numRuns: 400, seed: 11 },
    );
  });
});

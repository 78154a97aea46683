import { ancestors, Graph, type Node, ops } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimate, fuse } from "../src/passes/index.ts";
import { apart } from "./passes/close.ts";
import { build, plans } from "./passes/loops.ts";
import {
  cgc,
  cgcBanks,
  mixed,
  mmoe,
  type Model,
  sharedBottom,
  type Style,
  traceRows,
  traceSum,
} from "./passes/models.ts";

const count = (outputs: readonly Node[]): number => ancestors(outputs).length;

/** Small batches: what is computed does not depend on them. What is worth it does. */
const [few, many] = [3, 256];

interface Bench {
  readonly model: Model;
  readonly style: Omit<Style, "batch">;
  /** Nodes at most, of the plain gradient and of J. */
  readonly nodes: readonly [sum: number, rows: number];
}

const benches: Readonly<Record<string, Bench>> = {
  "shared bottom, loops": {
    model: sharedBottom,
    style: { tasks: 16, loops: true },
    nodes: [85, 87],
  },
  "shared bottom, batched": {
    model: sharedBottom,
    style: { tasks: 16, loops: false },
    nodes: [87, 87],
  },
  "shared bottom, masked": {
    model: sharedBottom,
    style: { tasks: 16, loops: true, masked: true },
    nodes: [95, 97],
  },
  "mmoe, experts as one bank": {
    model: mmoe("product"),
    style: { tasks: 2, loops: false },
    nodes: [121, 116],
  },
  "mmoe, loops": { model: mmoe("product"), style: { tasks: 2, loops: true }, nodes: [120, 116] },
  "mmoe, loops that add up": {
    model: mmoe("sum"),
    style: { tasks: 2, loops: true },
    nodes: [120, 116],
  },
  "cgc, loops": { model: cgc, style: { tasks: 8, loops: true }, nodes: [160, 165] },
  "cgc, a bank per owner": { model: cgcBanks, style: { tasks: 8, loops: true }, nodes: [150, 151] },
};

describe("fuse on models", () => {
  for (const [name, { model, style, nodes }] of Object.entries(benches)) {
    for (const [i, trace] of [traceSum, traceRows].entries()) {
      const what = i === 0 ? "Σ L_k" : "J";
      it(`${name}: ${what} stays what it is`, async () => {
        const { graph, outputs } = trace(model, { ...style, batch: few });
        const { outputs: fused } = fuse(graph, outputs);
        expect(count(fused)).toBeLessThan(count(outputs));
        expect(await apart(fused, outputs)).toBeLessThan(1e-6);
      });

      it(`${name}: ${what} in few nodes`, () => {
        const { graph, outputs } = trace(model, { ...style, batch: many });
        const { report } = fuse(graph, outputs);
        expect(report.nodes.after).toBeLessThanOrEqual(nodes[i]);
        expect(report.estimate.after).toBeLessThan(report.estimate.before);
      });
    }
  }

  it("needs as many nodes for sixteen towers as for four", () => {
    for (const trace of [traceSum, traceRows]) {
      const after = [4, 8, 16].map((tasks) => {
        const { graph, outputs } = trace(sharedBottom, { tasks, batch: many, loops: true });
        return fuse(graph, outputs).report.nodes.after;
      });
      expect(new Set(after).size).toBe(1);
    }
  });

  it("stays near the batched style where the code is in loops", () => {
    const [loop, batched] = [true, false].map((style) => {
      const { graph, outputs } = traceRows(sharedBottom, { tasks: 16, batch: many, loops: style });
      return fuse(graph, outputs).report;
    });
    expect(loop.nodes.after).toBeLessThanOrEqual(batched.nodes.after);
    expect(loop.estimate.after).toBeCloseTo(batched.estimate.after, 6);
  });
});

describe("fuse", () => {
  const stacked = (graph: Graph, parts: readonly Node[]): Node => ops.stack(graph, parts, 0);

  it("leaves a graph without repetition alone", () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [8, 4]);
    const y = ops.unary(graph, "Relu", ops.matMul(graph, x, graph.view("parameters", 0, [4, 4])));
    const { outputs, report } = fuse(graph, [y]);
    expect(outputs).toEqual([y]);
    expect(report).toMatchObject({ rounds: 0, nodes: { before: count([y]), after: count([y]) } });
  });

  it("gives back the fused value where slices of it are put together", () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [8, 4]);
    const parts = Array.from({ length: 5 }, (_, k) =>
      ops.unary(graph, "Tanh", ops.matMul(graph, x, graph.view("parameters", 12 * k, [4, 3]))),
    );
    const { outputs } = fuse(graph, [stacked(graph, parts), ...parts]);
    const [whole, ...pieces] = outputs;
    expect(whole.op).toBe("Tanh");
    expect(stacked(graph, pieces)).toBe(whole);
  });

  it("never takes lanes out of what needs itself", async () => {
    const graph = new Graph();
    const w = (k: number): Node => graph.view("parameters", 16 * k, [4, 4]);
    // Each layer reads the one before: alike, but not at once.
    const layers = [graph.view("x", 0, [2, 4])];
    for (let k = 0; k < 4; k++)
      layers.push(ops.unary(graph, "Tanh", ops.matMul(graph, layers[k], w(k))));
    const before = [stacked(graph, layers.slice(1))];
    const { outputs } = fuse(graph, before);
    expect(await apart(outputs, before)).toBeLessThan(1e-6);
  });

  it("finds its way out of packs that need one another", async () => {
    const graph = new Graph();
    const x = graph.view("x", 0, [1]);
    const [sin, cos] = (["Sin", "Cos"] as const).map((op) => (a: Node) => ops.unary(graph, op, a));
    // Sin of one chain is needed by Cos, of the other the other way round.
    const a = sin(ops.add(graph, x, graph.view("x", 1, [1])));
    const b = cos(ops.add(graph, x, graph.view("x", 2, [1])));
    const before = [
      ops.concat(graph, [a, sin(ops.mul(graph, b, b))], 0),
      ops.concat(graph, [b, cos(ops.mul(graph, a, a))], 0),
    ];
    const { outputs } = fuse(graph, before);
    expect(await apart(outputs, before)).toBeLessThan(1e-6);
  });

  it("puts the gradients of slices together", async () => {
    const graph = new Graph();
    const parts = [2, 0, 1].map((k) => {
      const d = ops.mul(graph, graph.view("x", 10 * k, [4, 2]), graph.view("y", 0, [4, 2]));
      return ops.pad(graph, d, [0, 2 * k], [0, 6 - 2 * k]);
    });
    const before = [parts.reduce((sum, part) => ops.add(graph, sum, part))];
    const { outputs } = fuse(graph, before);
    expect(ancestors(outputs).filter(({ op }) => op === "Pad")).toHaveLength(1);
    expect(ancestors(outputs).filter(({ op }) => op === "Add")).toHaveLength(0);
    expect(await apart(outputs, before)).toBeLessThan(1e-6);
  });

  it("puts tasks of two kinds into two lanes and joins them where they meet", async () => {
    const { graph, outputs } = traceRows(mixed, { tasks: 9, batch: many, loops: true });
    const { outputs: fused, report } = fuse(graph, outputs);
    expect(report.nodes.after).toBeLessThan(0.4 * report.nodes.before);
    const small = traceRows(mixed, { tasks: 9, batch: few, loops: true });
    expect(await apart(fuse(small.graph, small.outputs).outputs, small.outputs)).toBeLessThan(1e-6);
    expect(fused).toHaveLength(outputs.length);
  });

  it("changes nothing but the time, on random code in loops, and that for the better", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { graph, outputs } = build(plan);
        const { outputs: fused, report } = fuse(graph, outputs);
        expect(report.estimate.after).toBeLessThanOrEqual(report.estimate.before);
        expect(estimate(fused)).toBeCloseTo(report.estimate.after, 6);
        expect(await apart(fused, outputs)).toBeLessThan(2e-6);
      }),
      { numRuns: 150, seed: 5 },
    );
  });
});

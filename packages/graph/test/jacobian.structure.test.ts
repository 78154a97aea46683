import {
  ancestors,
  type Diagnostic,
  Graph,
  type Node,
  ops,
  sizeOf,
  vectorise,
  weighted,
} from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";
import { AWKWARD } from "./jacobian/awkward.ts";
import {
  batchedMmoe,
  batchedTowers,
  cgc,
  separateMmoe,
  separateTowers,
} from "./jacobian/benchmarks.ts";
import { isOwn, type Model, traceModel, vectorised } from "./jacobian/model.ts";

/** J at the shared parameters, the sum of rows at the own ones: what a step needs. */
function jacobian(model: Model): {
  readonly outputs: readonly Node[];
  readonly lost: readonly Diagnostic[];
} {
  const traced = traceModel(model);
  const { rows, ones, diagnostics } = vectorised(traced, model);
  const outputs = traced.names.map((name, i) => (isOwn(model, name) ? ones(i) : rows(i).value));
  return { outputs, lost: diagnostics };
}

const nodes = (model: Model): number => ancestors(jacobian(model).outputs).length;

/** In all products of matrices. */
const multiplications = (model: Model): number =>
  ancestors(jacobian(model).outputs).reduce(
    (sum, { op, inputs, shape }) =>
      op === "MatMul" ? sum + sizeOf(shape) * (inputs[0].shape.at(-1) ?? 0) : sum,
    0,
  );

describe("structure is kept", () => {
  const sizes = { batch: 32, input: 12, hidden: [24, 20], tower: 16 } as const;

  it.each(
    Object.entries({
      "MMoE, 2 tasks, batched": batchedMmoe(2, 8, sizes),
      "MMoE, 2 tasks, in loops": separateMmoe(2, 8, sizes),
      "shared bottom, 16 tasks, batched": batchedTowers(16, sizes),
      "shared bottom, 16 tasks, in loops": separateTowers(16, sizes),
      "customised gate control, 8 tasks, in loops": cgc(8, sizes),
    }),
  )("nothing is unrolled, no diagonal made dense: %s", (_, model) => {
    expect(jacobian(model).lost).toEqual([]);
  });

  it("a batched model's J has the same nodes for any number of tasks", () => {
    const counts = [4, 8, 16].map((tasks) => nodes(batchedTowers(tasks, sizes)));
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });

  it("in loops, every task adds the same number of nodes", () => {
    const [four, eight, sixteen] = [4, 8, 16].map((tasks) => nodes(separateTowers(tasks, sizes)));
    expect(sixteen - eight).toBe(2 * (eight - four));
  });

  it("J costs hardly more nodes than the one backward pass", () => {
    for (const model of [batchedMmoe(2, 8, sizes), separateTowers(16, sizes), cgc(8, sizes)]) {
      const plain = ancestors(traceModel(model).gradients).length;
      expect(nodes(model)).toBeLessThan(1.1 * plain);
    }
  });

  it.each([
    ["batched", batchedTowers],
    ["in loops", separateTowers],
  ] as const)("towers, %s, cost in proportion to T", (_, towers) => {
    const [few, some, many] = [4, 8, 16].map((tasks) => multiplications(towers(tasks, sizes)));
    // Of a + b·T + c·T², what is left of c.
    expect(many - some - 2 * (some - few)).toBe(0);
    expect(many).toBeGreaterThan(some);
  });

  it("own gradients share their nodes with the rows", () => {
    const model = separateTowers(4, sizes);
    const traced = traceModel(model);
    const { rows, ones } = vectorised(traced, model);
    const shared = traced.names.flatMap((name, i) => (isOwn(model, name) ? [] : [rows(i).value]));
    const own = traced.names.flatMap((name, i) => (isOwn(model, name) ? [ones(i)] : []));
    const extra = ancestors([...shared, ...own]).length - ancestors(shared).length;
    // What is left is the gradients themselves: per task two products with a transposed operand, two sums.
    expect(extra).toBeLessThanOrEqual(4 * 8);
  });
});

describe("structure is lost for a reason, and that is said", () => {
  // Each mixes values of all tasks with values of one.
  const expected: Readonly<Record<string, readonly string[]>> = {
    "cross-task attention": ["dense Add", "dense Add"],
    "a softmax over tasks": ["dense Sub"],
  };

  it.each(Object.keys(AWKWARD))("%s", (name) => {
    // Rows of all parameters: those stacked by task are diagonals when they are asked for.
    const inside = jacobian({ ...AWKWARD[name], own: [] }).lost.filter(
      ({ reason }) => !reason.endsWith("asked for"),
    );
    expect(inside.map(({ kind, op }) => `${kind} ${op}`)).toEqual(expected[name] ?? []);
  });

  it("rows of a parameter that is a stack of the tasks' own hold all their zeros", () => {
    const { lost } = jacobian({ ...batchedTowers(3), own: ["V", "c", "u"] });
    expect(lost).toMatchObject([{ kind: "dense", reason: "is itself asked for" }]);
  });

  it("a gradient that is not linear in w is found for every task by itself", () => {
    const graph = new Graph();
    const weights = graph.view("units", 0, [3]);
    const clipped = ops.arithmetic(graph, "Min", weights, graph.constant(0.5));
    const { rows, diagnostics } = vectorise(graph, { weights, gradients: [clipped], size: 3 });
    expect(rows(0).copies).toEqual([0, 1, 2]);
    expect(diagnostics).toMatchObject([{ kind: "unrolled", op: "Min", node: clipped }]);
  });

  it("nothing is said of what was not asked for", () => {
    const traced = traceModel(AWKWARD["a softmax over tasks"]);
    const { ones, diagnostics } = vectorised(traced, AWKWARD["a softmax over tasks"]);
    ones(0);
    expect(diagnostics).toEqual([]);
  });
});

describe("other weights in place of w", () => {
  it("give the gradient of that weighted sum: J's rows, added up with them", async () => {
    for (const name of ["separate towers", "batched towers", "cross-task attention"]) {
      const model = AWKWARD[name];
      const traced = traceModel(model);
      const { graph, gradients, weights, memory } = traced;
      const by = Array.from({ length: model.tasks }, (_, k) => 0.5 - k);
      const found = weighted(graph, gradients, weights, graph.literal(by, [model.tasks]));
      const { rows } = vectorised(traced, model);
      const values = await evaluate([...found, ...gradients.map((_, i) => rows(i).value)], memory);
      gradients.forEach((_, i) => {
        const { copies } = rows(i);
        const stacked = values[gradients.length + i];
        values[i].forEach((value, j) => {
          const { length } = values[i];
          const sum = copies.reduce(
            (total, k, row) => total + by[k] * stacked[row * length + j],
            0,
          );
          expect(value).toBeCloseTo(sum, 5);
        });
      });
    }
  });
});

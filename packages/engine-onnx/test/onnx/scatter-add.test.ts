import { Graph, ops } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { encode } from "../../src/onnx/index.ts";
import { difference } from "./support.ts";

/** Enough rows that meet for two threads to step on one another: ScatterND loses half of the sum here. */
const COUNT = 20_000;
const WIDTH = 16;

const memory =
  (ids: (i: number) => number) =>
  (space: string): Float32Array | Int32Array =>
    space === "ids"
      ? Int32Array.from({ length: COUNT }, (_, i) => ids(i))
      : Float32Array.from({ length: COUNT * WIDTH }, (_, i) => ((i * 37) % 101) / 64 - 0.75);

const scattered = (rows: number) => {
  const graph = new Graph();
  const ids = graph.view("ids", 0, [COUNT], "int32");
  return ops.scatterAdd(graph, ids, graph.view("updates", 0, [COUNT, WIDTH]), rows);
};

describe("rows added up at indices that repeat", () => {
  const forms = [
    { rows: 50, form: "a one-hot product", op: "MatMul" },
    { rows: 200, form: "columns", op: "ScatterElements" },
    { rows: 100_000, form: "the table as it lies", op: "ScatterElements" },
  ];

  it.each(forms.flatMap((form) => [2, 4].map((threads) => ({ ...form, threads }))))(
    "loses none of them in $rows rows at $threads threads: $form",
    async ({ rows, threads }) => {
      // 20,000 updates of 50 rows, wherever these lie.
      const values = memory((i) => (((i * 7919) % 50) * (rows / 50)) | 0);
      expect(await difference([scattered(rows)], values, { threads })).toBeLessThan(1e-5);
    },
  );

  it.each(forms)("leaves out what is out of range: $form", async ({ rows, op }) => {
    const values = memory((i) => [-1, -rows, rows, rows + 7, 3][i % 5]);
    const node = scattered(rows);
    expect(await difference([node], values)).toBeLessThan(1e-5);
    expect(opsOf(encode([{ name: "y", node }]).bytes)).toContain(op);
  });

  it("checks no range where the same indices have been looked up in as many rows", () => {
    const graph = new Graph();
    const ids = graph.view("ids", 0, [COUNT], "int32");
    const sums = ops.scatterAdd(graph, ids, graph.view("updates", 0, [COUNT, WIDTH]), 200);
    const lookup = (rows: number) => ({
      name: "found",
      node: ops.gather(
        graph,
        graph.view("table", 0, [rows, 3]),
        graph.view("ids", 0, [COUNT / 100, 100], "int32"),
        0,
      ),
    });
    const checks = (rows: number): boolean =>
      opsOf(encode([{ name: "sums", node: sums }, lookup(rows)]).bytes).includes("GreaterOrEqual");
    expect(checks(200)).toBe(false);
    expect(checks(201)).toBe(true);
  });
});

/** The names of ops are readable in a model's bytes. */
const opsOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

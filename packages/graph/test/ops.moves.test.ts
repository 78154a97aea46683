import { ancestors, Graph, type Node, ops, type Shape } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apart } from "./passes/close.ts";

const graphs = (): { graph: Graph; x: Node } => {
  const graph = new Graph();
  // Made by an op, so that slices of it are no views.
  return { graph, x: ops.unary(graph, "Sin", graph.view("x", 0, [2, 3, 4])) };
};
const nodes = (output: Node): readonly string[] =>
  ancestors([output]).flatMap(({ op }) => (op === "View" || op === "Sin" ? [] : [op]));

/** A piece of x along an axis. */
const piece = (graph: Graph, x: Node, axis: number, at: number): Node =>
  ops.slice(
    graph,
    x,
    x.shape.map((_, i) => (i === axis ? at : 0)),
    x.shape.map((size, i) => (i === axis ? 1 : size)),
  );

describe("what moves numbers", () => {
  it("puts pieces cut along one axis together along another without cutting them", async () => {
    const { graph, x } = graphs();
    const parts = [0, 1, 2].map((i) => ops.reshape(graph, piece(graph, x, 1, i), [2, 1, 4]));
    const joined = ops.concat(
      graph,
      parts.map((part) => ops.reshape(graph, part, [1, 2, 4])),
      0,
    );
    expect(nodes(joined)).toEqual(["Transpose"]);
    expect(await apart([joined], [ops.transpose(graph, x, [1, 0, 2])])).toBe(0);
  });

  it("does not take pieces in another order, or one of them twice, for their whole", async () => {
    const { graph, x } = graphs();
    for (const order of [
      [2, 1, 0],
      [0, 0],
      [0, 2],
      [1, 2, 2],
    ]) {
      const parts = order.map((i) => ops.reshape(graph, piece(graph, x, 1, i), [1, 2, 4]));
      const emitted = graph.emit("Concat", parts, { axis: 0 }, [order.length, 2, 4], "float32");
      expect(await apart([ops.concat(graph, parts, 0)], [emitted])).toBe(0);
    }
  });

  it("repeats one part by broadcasting it", async () => {
    const { graph, x } = graphs();
    const part = ops.reshape(graph, x, [1, 2, 12]);
    const joined = ops.concat(graph, [part, part, part], 0);
    expect(nodes(joined)).toContain("Expand");
    const emitted = graph.emit("Concat", [part, part, part], { axis: 0 }, [3, 2, 12], "float32");
    expect(await apart([joined], [emitted])).toBe(0);
  });

  it("moves axes after putting together what lies together before", async () => {
    const { graph, x } = graphs();
    const turned = [0, 2].map((i) =>
      ops.transpose(graph, ops.slice(graph, x, [0, 0, i], [2, 3, 2]), [2, 1, 0]),
    );
    const joined = ops.concat(graph, turned, 0);
    expect(nodes(joined)).toEqual(["Transpose"]);
    expect(await apart([joined], [ops.transpose(graph, x, [2, 1, 0])])).toBe(0);
  });

  it("makes one move of two with a Reshape between that drops an axis of length 1", async () => {
    const { graph, x } = graphs();
    const once = ops.transpose(graph, ops.reshape(graph, x, [2, 3, 1, 4]), [1, 2, 0, 3]);
    const twice = ops.transpose(graph, ops.reshape(graph, once, [3, 2, 4]), [1, 0, 2]);
    expect(nodes(twice)).toEqual([]);
    expect(await apart([twice], [x])).toBe(0);
  });

  it("is what it was before simplification, whatever the chain", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }), async (chain) => {
        const { graph, x } = graphs();
        let [simple, plain] = [x, x];
        for (const choice of chain) {
          const { shape } = simple;
          const axis = shape.length === 0 ? 0 : choice % shape.length;
          const kind = Math.floor(choice / 7) % 5;
          if (kind === 0) {
            const to = unit(shape, choice);
            [simple, plain] = [
              ops.reshape(graph, simple, to),
              graph.emit("Reshape", [plain], null, to, "float32"),
            ];
          } else if (kind === 1) {
            const perm = shape.map((_, i) => (i + choice) % shape.length);
            const to = perm.map((i) => shape[i]);
            [simple, plain] = [
              ops.transpose(graph, simple, perm),
              graph.emit("Transpose", [plain], { perm }, to, "float32"),
            ];
          } else if (shape.length > 0) {
            const cuts = shape.map((size, i) =>
              i === axis ? Math.min(size, 1 + (choice % 3)) : size,
            );
            const steps = shape.map(() => 1);
            const at = (from: number): readonly number[] =>
              shape.map((_, i) => (i === axis ? from : 0));
            const starts = [0, shape[axis] - cuts[axis]];
            const [s, p] = [
              starts.map((from) => ops.slice(graph, simple, at(from), cuts)),
              starts.map((from) =>
                graph.emit("Slice", [plain], { starts: at(from), steps }, cuts, "float32"),
              ),
            ];
            const along = kind === 2 ? axis : (axis + 1) % shape.length;
            const to = cuts.map((size, i) => (i === along ? size * 2 : size));
            [simple, plain] = [
              ops.concat(graph, s, along),
              graph.emit("Concat", p, { axis: along }, to, "float32"),
            ];
          }
        }
        expect(await apart([simple], [plain])).toBe(0);
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

/** A shape with an axis of length 1 more or less, or two axes as one. */
function unit(shape: Shape, choice: number): Shape {
  const ones = shape.indexOf(1);
  if (choice % 2 === 0 && ones >= 0) return shape.filter((_, i) => i !== ones);
  if (choice % 3 === 0 && shape.length > 1) return [shape[0] * shape[1], ...shape.slice(2)];
  const at = choice % (shape.length + 1);
  return [...shape.slice(0, at), 1, ...shape.slice(at)];
}

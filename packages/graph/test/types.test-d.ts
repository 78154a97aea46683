import { Graph, type Node, type NodeOf, ops, registerLowering } from "@polytask/graph";
import { expectTypeOf } from "vitest";

const graph = new Graph();
declare const node: Node;

expectTypeOf(registerLowering("Cube", ({ inputs: { x } }) => x)).toEqualTypeOf<() => void>();
registerLowering("Both", ({ inputs: { x } }) => [x, x]);
// @ts-expect-error: a lowering makes nodes, not numbers
registerLowering("Cube", () => 1);

if (node.op === "View") expectTypeOf(node).toEqualTypeOf<NodeOf<"View">>();
graph.emit("View", [], { space: "x", at: 0 }, [2], "float32");
// @ts-expect-error: a view has a place
graph.emit("View", [], { space: "x" }, [2], "float32");
// @ts-expect-error: no op of the graph
graph.emit("Views", [], { space: "x", at: 0 }, [2], "float32");
// @ts-expect-error: a node's op is fixed
node.op = "Add";

expectTypeOf(ops.matMul).returns.toEqualTypeOf<Node>();

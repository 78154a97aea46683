import type { FunctionDef, NodeDef } from "../function/proto.ts";
import { tensorName, writeSavedModel } from "../function/saved-model.ts";

/** A function as a SavedModel. */
export interface FunctionModel {
  readonly bytes: Uint8Array;
  /** What is fed, in the order of the function's inputs, and what is fetched, in that of its outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** The function's own nodes, with placeholders for its inputs: the addon knows graphs, and no functions. */
export function functionModel({ inputs, outputs, nodes }: FunctionDef): FunctionModel {
  const placeholders = inputs.map(({ name, dtype }): NodeDef => ({
    name,
    op: "Placeholder",
    inputs: [],
    attributes: { dtype: { type: dtype } },
  }));
  const bytes = writeSavedModel({
    nodes: [...placeholders, ...nodes],
    // They are asked for by their names in the graph.
    inputs: [],
    outputs: [],
    metadata: {},
  });
  return {
    bytes,
    inputs: inputs.map(({ name }) => tensorName({ node: name })),
    outputs: outputs.map(({ of }) => tensorName(of)),
  };
}

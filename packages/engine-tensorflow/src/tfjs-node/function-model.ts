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
export function functionModel(definition: FunctionDef): FunctionModel {
  const { inputs, outputs } = definition;
  const placeholders = inputs.map(({ name, dtype }): NodeDef => ({
    name,
    op: "Placeholder",
    inputs: [],
    attributes: { dtype: { type: dtype } },
  }));
  const bytes = writeSavedModel({
    nodes: [
      ...placeholders,
      {
        name: "call",
        op: "PartitionedCall",
        inputs: inputs.map(({ name }) => ({ node: name })),
        attributes: {
          Tin: { types: inputs.map(({ dtype }) => dtype) },
          Tout: { types: outputs.map(({ dtype }) => dtype) },
          f: { func: definition.name },
          config: { text: "" },
          config_proto: { bytes: Uint8Array.of(0x52, 5, 0x52, 3, 0x98, 1, 1) },
          executor_type: { text: "" },
        },
      },
    ],
    functions: [
      {
        ...definition,
        attributes: {
          ...definition.attributes,
          _noinline: { bool: true },
          _tf_data_function: { bool: true },
        },
      },
    ],
    // They are asked for by their names in the graph.
    inputs: [],
    outputs: [],
    metadata: {},
  });
  return {
    bytes,
    inputs: inputs.map(({ name }) => tensorName({ node: name })),
    outputs: outputs.map((_, i) => `call:${i}`),
  };
}

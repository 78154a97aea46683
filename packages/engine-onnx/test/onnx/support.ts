import { type Node, sizeOf } from "@polytask/graph";
import type { Values } from "../../../graph/test/evaluate.ts";
import { array, differenceIn, type Memory } from "../../../graph/test/runtime/run.ts";
import { encode } from "../../src/onnx/index.ts";
import {
  createSession,
  type SessionOptions,
  tensorOf,
  type Tensors,
} from "../../src/session/index.ts";

/** What nodes are worth in onnxruntime. */
export async function run(
  nodes: readonly Node[],
  memory: Memory,
  options: SessionOptions = { threads: 1 },
): Promise<readonly Values[]> {
  const outputs = nodes.map((node, i) => ({ name: `out/${i}`, node }));
  const { bytes, inputs } = encode(outputs);
  const session = await createSession(bytes, options);
  try {
    const feeds: Tensors = {};
    for (const { name, view } of inputs) {
      const { at, space } = view.attributes;
      feeds[name] = tensorOf(
        memory(space).slice(at, at + sizeOf(view.shape)),
        view.shape,
        view.dtype,
      );
    }
    const results = nodes.map(({ shape, dtype }) => array(dtype, sizeOf(shape)));
    const fetches: Tensors = {};
    outputs.forEach(({ name, node }, i) => {
      fetches[name] = tensorOf(results[i], node.shape, node.dtype);
    });
    await session.run(feeds, fetches);
    return results;
  } finally {
    await session.release();
  }
}

/** The largest difference between onnxruntime and the interpreter, as `differenceIn` has it. */
export const difference = (
  nodes: readonly Node[],
  memory: Memory,
  options?: SessionOptions,
): Promise<number> => differenceIn((of, at) => run(of, at, options), nodes, memory);

import { type DType, type Node, sizeOf } from "@polytask/graph";
import { evaluate, type Values } from "../../../graph/test/evaluate.ts";
import { encode } from "../../src/onnx/index.ts";
import {
  createSession,
  type SessionOptions,
  tensorOf,
  type Tensors,
} from "../../src/session/index.ts";

export type Memory = (space: string) => Values;

const array = (dtype: DType, size: number): Values =>
  dtype === "float32"
    ? new Float32Array(size)
    : dtype === "int32"
      ? new Int32Array(size)
      : new Uint8Array(size);

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

/** The largest difference between onnxruntime and the interpreter, relative to numbers above 1; ∞ where one is not finite. */
export async function difference(
  nodes: readonly Node[],
  memory: Memory,
  options?: SessionOptions,
): Promise<number> {
  const [found, wanted] = [await run(nodes, memory, options), await evaluate(nodes, memory)];
  return Math.max(...found.map((values, i) => distance(values, wanted[i])));
}

function distance(found: Values, wanted: Values): number {
  if (found.length !== wanted.length) return Infinity;
  let most = 0;
  for (let i = 0; i < found.length; i++) {
    if (Object.is(found[i], wanted[i])) continue;
    const away = Math.abs(found[i] - wanted[i]) / Math.max(1, Math.abs(wanted[i]));
    most = Math.max(most, Number.isNaN(away) ? Infinity : away);
  }
  return most;
}

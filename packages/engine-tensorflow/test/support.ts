import { existsSync } from "node:fs";
import { type Node, sizeOf } from "@polytask/graph";
import type { Values } from "../../graph/test/evaluate.ts";
import { array, type Memory } from "../../graph/test/runtime/run.ts";
import { encode } from "../src/function/encode.ts";
import type { Context } from "../src/library/context.ts";
import { openTensorflow } from "../src/library/open.ts";

/** Where tests find a TensorFlow; without one, those that run it are skipped. */
const library = process.env["POLYTASK_TENSORFLOW"];
export const isThere = library !== undefined && existsSync(library);

let opened: Promise<Context> | undefined;
let functions = 0;

const open = (): Promise<Context> =>
  (opened ??= openTensorflow({ device: "CPU", threads: 1, ...(library && { library }) }));

/** What nodes are worth in TensorFlow. */
export async function run(nodes: readonly Node[], memory: Memory): Promise<readonly Values[]> {
  const context = await open();
  const name = `f${functions++}`;
  const { definition, inputs } = encode(name, nodes);
  context.add(definition, {
    inputs: inputs.map(() => undefined),
    outputs: nodes.map(() => undefined),
  });
  const feeds = inputs.map(({ attributes: { at, space }, shape, dtype }) =>
    context.tensor(memory(space).slice(at, at + sizeOf(shape)), shape, dtype),
  );
  try {
    const results = context.call(name, feeds, nodes.length);
    return results.map((handle, i) => {
      const values = array(nodes[i].dtype, sizeOf(nodes[i].shape));
      context.read(handle, values);
      handle.dispose();
      return values;
    });
  } finally {
    feeds.forEach((handle) => handle.dispose());
    context.remove(name);
  }
}

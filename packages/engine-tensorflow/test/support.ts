import { existsSync } from "node:fs";
import { type DType, type Node, sizeOf } from "@polytask/graph";
import { evaluate, type Values } from "../../graph/test/evaluate.ts";
import { encode } from "../src/function/encode.ts";
import type { Context } from "../src/library/context.ts";
import { openTensorflow } from "../src/library/open.ts";

/** Where tests find a TensorFlow; without one, those that run it are skipped. */
const library = process.env["POLYTASK_TENSORFLOW"];
export const isThere = library !== undefined && existsSync(library);

export type Memory = (space: string) => Values;

const array = (dtype: DType, size: number): Values =>
  dtype === "float32"
    ? new Float32Array(size)
    : dtype === "int32"
      ? new Int32Array(size)
      : new Uint8Array(size);

let opened: Promise<Context> | undefined;
let functions = 0;

const open = (): Promise<Context> =>
  (opened ??= openTensorflow({ device: "CPU", threads: 1, ...(library && { library }) }));

/** What nodes are worth in TensorFlow. */
export async function run(
  nodes: readonly Node[],
  memory: Memory,
  { xla = false } = {},
): Promise<readonly Values[]> {
  const context = await open();
  const name = `f${functions++}`;
  const { definition, inputs } = encode(
    name,
    nodes,
    xla ? { _XlaMustCompile: { bool: true } } : {},
  );
  context.add(definition);
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

/** The largest difference between TensorFlow and the interpreter, relative to numbers above 1; ∞ where one is not finite. */
export async function difference(
  nodes: readonly Node[],
  memory: Memory,
  options: { xla?: boolean } = {},
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

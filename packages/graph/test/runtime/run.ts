import type { DType, Node } from "@polytask/graph";
import { evaluate, type Values } from "../evaluate.ts";

export type Memory = (space: string) => Values;

/** What nodes are worth in a runtime. */
export type Run = (nodes: readonly Node[], memory: Memory) => Promise<readonly Values[]>;

/** Room for a result. */
export const array = (dtype: DType, size: number): Values =>
  dtype === "float32"
    ? new Float32Array(size)
    : dtype === "int32"
      ? new Int32Array(size)
      : new Uint8Array(size);

/** The largest difference between a runtime and the interpreter, relative to numbers above 1; ∞ where one is not finite. */
export async function differenceIn(
  run: Run,
  nodes: readonly Node[],
  memory: Memory,
): Promise<number> {
  const [found, wanted] = [await run(nodes, memory), await evaluate(nodes, memory)];
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

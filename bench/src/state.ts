import { readFile, writeFile } from "node:fs/promises";
import { seededRandom } from "@polytask/core";
import { type Case, EXPERTS, TOWER, WIDTH } from "./cases.ts";

/** A tensor of the state that all implementations start from. */
interface StateTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type StartState = Readonly<Record<string, StateTensor>>;

/** Names and shapes as `peers/peers.py` documents them. */
export function stateShapes({ model, tasks, batch, hidden }: Case): Record<string, number[]> {
  const [first, second] = hidden;
  const bank = model.startsWith("mmoe") ? [EXPERTS] : [];
  return {
    x: [batch, WIDTH],
    y: [tasks, batch],
    W1: [...bank, WIDTH, first],
    b1: [...bank, first],
    W2: [...bank, first, second],
    b2: [...bank, second],
    ...(bank.length > 0 && { Wg: [tasks, WIDTH, EXPERTS], bg: [tasks, EXPERTS] }),
    V1: [tasks, second, TOWER],
    c1: [tasks, TOWER],
    V2: [tasks, TOWER],
    c2: [tasks],
  };
}

/** Inputs N(0, 1), labels heads or tails, kernels N(0, 2/fan-in), biases N(0, 0.01); the same for a case every time. */
export function makeState(c: Case): StartState {
  const source = seededRandom(1);
  return Object.fromEntries(
    Object.entries(stateShapes(c)).map(([name, shape]) => {
      const random = source(name);
      const fanIn = name === "V2" ? TOWER : (shape.at(-2) ?? 1);
      const deviation = name === "x" ? 1 : /^[WV]/.test(name) ? Math.sqrt(2 / fanIn) : 0.1;
      const draw =
        name === "y" ? () => random.integer(2) : () => Math.fround(deviation * random.normal());
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, values: Float32Array.from({ length: size }, draw) }];
    }),
  );
}

interface Header {
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly offset: number }>
  >;
}

/** Writes PREFIX.json (shapes, offsets in floats) and PREFIX.bin (float32, little endian). */
export async function writeState(prefix: string, state: StartState): Promise<void> {
  const tensors: Record<string, Header["tensors"][string]> = {};
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(state)) {
    tensors[name] = { shape, offset };
    offset += values.length;
  }
  const bytes = new DataView(new ArrayBuffer(4 * offset));
  let at = 0;
  for (const { values } of Object.values(state)) {
    for (const value of values) {
      bytes.setFloat32(at, value, true);
      at += 4;
    }
  }
  await writeFile(`${prefix}.json`, JSON.stringify({ tensors } satisfies Header));
  await writeFile(`${prefix}.bin`, bytes);
}

export async function readState(prefix: string): Promise<StartState> {
  const { tensors } = JSON.parse(await readFile(`${prefix}.json`, "utf8")) as Header;
  const bytes = await readFile(`${prefix}.bin`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, offset }]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const values = Float32Array.from({ length: size }, (_, i) =>
        view.getFloat32(4 * (offset + i), true),
      );
      return [name, { shape, values }];
    }),
  );
}

import { Graph, ops } from "@polytask/graph";
import { describe, expect, it } from "vitest";
import { createArena } from "../../../compiled/src/kernels/index.ts";
import { encode } from "../../src/onnx/index.ts";
import { createSession, tensorOf, type Tensors } from "../../src/session/index.ts";
import { growth } from "../memory.ts";

const MIB = 2 ** 20;

/** y = x + 1, and a hidden product of [64, 64] matrices, some layers deep. */
function model(size: number, layers = 0) {
  const graph = new Graph();
  const x = graph.view("x", 0, [size]);
  let deep = graph.view("w", 0, [64, 64]);
  for (let i = 0; i < layers; i++) {
    deep = ops.matMul(graph, ops.unary(graph, "Relu", deep), graph.view("w", i * 4096, [64, 64]));
  }
  const nodes = [
    { name: "y", node: ops.add(graph, x, graph.constant(1)) },
    { name: "z", node: ops.sum(graph, deep, [0, 1]) },
  ];
  return encode(nodes);
}

/** Tensors of ones for everything that a model reads. */
const ones = ({ inputs }: ReturnType<typeof model>): Tensors =>
  Object.fromEntries(
    inputs.map(({ name, view: { shape } }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, tensorOf(new Float32Array(size).fill(1), shape, "float32")];
    }),
  );

describe("a session", () => {
  // Small results are handed out as copies, too; large ones are only written where they belong.
  it.each([6, 30_000])("reads and writes %i numbers of one memory where they lie", async (size) => {
    const arena = createArena(8 * size + 4096);
    const [from, to] = [arena.float32(size), arena.float32(size)];
    const { bytes, inputs } = model(size);
    const session = await createSession(bytes, { threads: 1 });
    const feeds = ones(model(size));
    feeds[inputs.find(({ view }) => view.attributes.space === "x")?.name ?? ""] = tensorOf(
      from,
      [size],
      "float32",
    );
    const fetches: Tensors = {
      y: tensorOf(to, [size], "float32"),
      z: tensorOf(new Float32Array(1), [], "float32"),
    };
    for (let step = 0; step < 3; step++) {
      for (let i = 0; i < size; i++) from[i] = i + step;
      await session.run(feeds, fetches);
      expect(to.every((value, i) => value === from[i] + 1)).toBe(true);
      expect(Array.from(fetches["z"].data as Float32Array)).toEqual([4096]);
    }
    await session.release();
  });

  it("copies no large result", async () => {
    const size = 2 ** 20;
    const made = model(size);
    const session = await createSession(made.bytes, { threads: 1 });
    const feeds = ones(made);
    const run = (fetches: Tensors) => session.run(feeds, fetches);
    const inPlace = { y: tensorOf(new Float32Array(size), [size], "float32") };
    await run(inPlace);
    const before = process.memoryUsage().arrayBuffers;
    await run(inPlace);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
    // The measure does see a copy.
    const { y } = await session.run(feeds, { y: null });
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(3 * MIB);
    expect((y.data as Float32Array)[size - 1]).toBe(2);
    await session.release();
  });

  it("makes a tensor for a result that has no array", async () => {
    const made = model(30_000);
    const session = await createSession(made.bytes, {
      threads: 2,
      spinning: false,
      planned: false,
    });
    const { y } = await session.run(ones(made), { y: null });
    expect(y.dims).toEqual([30_000]);
    expect((y.data as Float32Array).every((value) => value === 2)).toBe(true);
    await session.release();
  });

  it("hands on what goes wrong in a run", async () => {
    const made = model(30_000);
    const session = await createSession(made.bytes, { threads: 1 });
    const fetches = { y: tensorOf(new Float32Array(30_000), [30_000], "float32") };
    const [first] = Object.keys(ones(made));
    const wrong = { ...ones(made), [first]: tensorOf(new Float32Array(2), [2], "float32") };
    await expect(session.run(wrong, fetches)).rejects.toThrow(
      /Please fix either the inputs\/outputs/,
    );
    await session.release();
    await expect(session.run(ones(made), fetches)).rejects.toThrow(/disposed/);
  });

  it.each([100, 30_000])(
    "keeps no memory over 20,000 runs that give %i numbers",
    { timeout: 600_000 },
    async (size) => {
      const made = model(size);
      const session = await createSession(made.bytes, { threads: 1 });
      const feeds = ones(made);
      const fetches = { y: tensorOf(new Float32Array(size), [size], "float32") };
      const runs = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) await session.run(feeds, fetches);
      };
      await runs(3_000);
      const { resident, objects } = await growth(() => runs(4_000));
      // 1 KiB a run, and 128 bytes.
      expect(resident).toBeLessThan(4);
      expect(objects).toBeLessThan(0.5);
      await session.release();
    },
  );

  it("leaves nothing behind after 300 lives", { timeout: 600_000 }, async () => {
    const made = model(30_000, 20);
    const live = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const session = await createSession(made.bytes, { threads: 2 });
        await session.run(ones(made), { y: null, z: null });
        await session.release();
      }
    };
    await live(100);
    // One life takes more than a MiB: its weights alone, packed anew, are 320 KiB.
    const { resident } = await growth(() => live(60));
    expect(resident).toBeLessThan(10);
  });
});

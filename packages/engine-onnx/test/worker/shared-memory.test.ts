import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadRuntime } from "../../src/session/runtime.ts";
import type { Place } from "../../src/worker/protocol.ts";
import { createSharedMemories, stretchesOf } from "../../src/worker/shared-memory.ts";

const place = (memory: number, at: number, length: number): Place => {
  return { name: `${memory}/${at}`, shape: [length], dtype: "float32", memory, at: 4 * at };
};

describe("stretches", () => {
  it("cover each byte of the places once and no other, and do not touch", () => {
    const number = fc.nat(40);
    const places = fc.array(
      fc.tuple(fc.nat(2), number, fc.integer({ min: 1, max: 12 })).map((at) => place(...at)),
    );
    fc.assert(
      fc.property(places, (all) => {
        const wanted = new Set(
          all.flatMap(({ memory, at, shape }) =>
            Array.from({ length: 4 * shape[0] }, (_, i) => 1000 * memory + at + i),
          ),
        );
        const stretches = stretchesOf(all);
        const covered = stretches.flatMap(({ memory, from, to }) =>
          Array.from({ length: to - from }, (_, i) => 1000 * memory + from + i),
        );
        expect(covered).toEqual([...wanted].sort((a, b) => a - b));
        for (const { memory, to } of stretches) {
          expect(stretches.some((one) => one.memory === memory && one.from === to)).toBe(false);
        }
      }),
    );
  });
});

describe("a memory", () => {
  const shared = () => {
    const buffer = new SharedArrayBuffer(64);
    new Float32Array(buffer).set([1, 2, 3, 4]);
    return buffer;
  };
  const numbers = (data: unknown): number[] => Array.from(data as Float32Array);

  it("is copied where the runtime does not take it, stretch by stretch", async () => {
    await loadRuntime();
    const buffer = shared();
    const memory = createSharedMemories(false).take(0, buffer);
    const { data } = memory.tensorAt(place(0, 0, 4));
    expect(numbers(data)).toEqual([0, 0, 0, 0]);
    memory.pull(4, 12);
    expect(numbers(data)).toEqual([0, 2, 3, 0]);
    (data as Float32Array).fill(9);
    memory.push(0, 8);
    expect(numbers(new Float32Array(buffer, 0, 4))).toEqual([9, 9, 3, 4]);
  });

  it("is taken as it is where the runtime takes it", async () => {
    await loadRuntime();
    const memory = createSharedMemories(true).take(0, shared());
    expect(numbers(memory.tensorAt(place(0, 1, 2)).data)).toEqual([2, 3]);
  });

  it("has one copy, for as long as something uses it", () => {
    const memories = createSharedMemories(false);
    const [first, second] = [memories.take(0, shared()), memories.take(0, shared())];
    expect(second).toBe(first);
    memories.leave(0);
    expect(memories.take(0, shared())).toBe(first);
    memories.leave(0);
    memories.leave(0);
    expect(memories.take(0, shared())).not.toBe(first);
  });
});

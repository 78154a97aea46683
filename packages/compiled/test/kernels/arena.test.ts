import { afterEach, describe, expect, it, vi } from "vitest";
import { createArena, createKernels, regionBytes } from "../../src/kernels/index.ts";

describe("an arena", () => {
  it("hands out regions that hold zeros, start at 64 bytes and do not overlap", () => {
    const arena = createArena(1000);
    const regions = [arena.float32(3), arena.float64(5), arena.int32(17), arena.float32(0)];
    for (const [i, region] of regions.entries()) {
      expect(region.byteOffset % 64).toBe(0);
      expect(Array.from(region).every((value) => value === 0)).toBe(true);
      region.fill(i + 1);
    }
    expect(regions.map((region) => new Set(region).size)).toEqual([1, 1, 1, 0]);
    expect(arena.used).toBe(64 + 64 + 128);
  });

  it("has room for what regionBytes adds up to, and for no more", () => {
    const counts = [1, 16, 17, 100_000];
    const bytes = counts.reduce((sum, count) => sum + regionBytes(count), regionBytes(9, 8));
    const arena = createArena(bytes);
    for (const count of counts) arena.float32(count);
    arena.float64(9);
    expect(arena.used).toBe(bytes);
    const left = (arena.buffer.byteLength - bytes) / 4;
    expect(() => arena.float32(left + 1)).toThrow("POLYTASK_KERNEL");
    expect(arena.float32(left)).toHaveLength(left);
  });

  it.each([-1, 1.5, NaN, 2 ** 32])("refuses a size of %s", (bytes) => {
    expect(() => createArena(bytes)).toThrow("POLYTASK_OPTION");
  });

  it.each([-1, 0.5, NaN])("refuses a region of %s elements", (count) => {
    expect(() => createArena(64).int32(count)).toThrow("POLYTASK_KERNEL");
  });

  it("is one that threads share where that is asked for", () => {
    expect(createArena(100, { shared: true }).buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(createArena(100, { shared: true, wasm: false }).buffer).toBeInstanceOf(
      SharedArrayBuffer,
    );
    expect(createArena(100).buffer).toBeInstanceOf(ArrayBuffer);
  });

  it.each([false, true])(
    "is garbage with its views and kernels: 300 of 4 MiB never fill half of what they add up to; shared: %s",
    async (shared) => {
      const start = process.memoryUsage.rss();
      let most = 0;
      for (let cycle = 0; cycle < 300; cycle++) {
        const arena = createArena(4 << 20, { shared });
        const values = arena.float32((4 << 20) / 4);
        createKernels(arena).fill(values, cycle);
        expect(values[values.length - 1]).toBe(cycle);
        most = Math.max(most, process.memoryUsage.rss() - start);
        await new Promise(setImmediate);
      }
      expect(most).toBeLessThan(600 << 20);
    },
  );
});

describe("without WebAssembly", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("arenas are plain buffers and the kernels JavaScript", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const kernels = await import("../../src/kernels/index.ts");
    const arena = kernels.createArena(100);
    expect(arena.memory).toBeUndefined();
    expect(arena.buffer).toBeInstanceOf(ArrayBuffer);
    expect(kernels.createKernels(arena).simd).toBe(false);
    expect(() => kernels.createArena(100, { wasm: true })).toThrow("POLYTASK_OPTION");
  });
});

describe("the choice of kernels", () => {
  it("is SIMD where the arena has it", () => {
    const arena = createArena(100);
    expect(createKernels(arena).simd).toBe(true);
    expect(createKernels(arena, { simd: false }).simd).toBe(false);
  });

  it("refuses SIMD on a plain buffer", () => {
    const arena = createArena(100, { wasm: false });
    expect(createKernels(arena).simd).toBe(false);
    expect(() => createKernels(arena, { simd: true })).toThrow("POLYTASK_OPTION");
  });
});

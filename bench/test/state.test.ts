import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCase } from "../dist/cases.js";
import { makeState, readState, stateShapes, writeState } from "../dist/state.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "polytask-state-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("the state of a benchmark", () => {
  it("has the shapes that the peers document", () => {
    expect(stateShapes(makeCase("mmoe-pcgrad", 256))).toEqual({
      x: [256, 128],
      y: [2, 256],
      W1: [8, 128, 64],
      b1: [8, 64],
      W2: [8, 64, 32],
      b2: [8, 32],
      Wg: [2, 128, 8],
      bg: [2, 8],
      V1: [2, 32, 16],
      c1: [2, 16],
      V2: [2, 16],
      c2: [2],
    });
    expect(stateShapes(makeCase("shared-pcgrad", 2048))).toEqual({
      x: [2048, 128],
      y: [16, 2048],
      W1: [128, 256],
      b1: [256],
      W2: [256, 128],
      b2: [128],
      V1: [16, 128, 16],
      c1: [16, 16],
      V2: [16, 16],
      c2: [16],
    });
  });

  it("is float32 in little endian at the offsets of its header", async () => {
    const prefix = join(folder, "tiny");
    await writeState(prefix, {
      a: { shape: [1, 2], values: Float32Array.of(1, -2) },
      b: { shape: [], values: Float32Array.of(0.5) },
    });
    expect(JSON.parse(await readFile(`${prefix}.json`, "utf8"))).toEqual({
      tensors: { a: { shape: [1, 2], offset: 0 }, b: { shape: [], offset: 2 } },
    });
    // IEEE 754: 1 is 3f800000, −2 is c0000000, 0.5 is 3f000000
    expect((await readFile(`${prefix}.bin`)).toString("hex")).toBe("0000803f000000c00000003f");
  });

  it("is read as it was written", async () => {
    const state = makeState({ ...makeCase("mmoe-sum", 3), tasks: 2 });
    const prefix = join(folder, "mmoe");
    await writeState(prefix, state);
    expect(await readState(prefix)).toEqual(state);
  });

  it("holds labels of both kinds, and inputs of mean 0 and deviation 1", () => {
    const { x, y } = makeState(makeCase("mmoe-sum", 256));
    const mean = x.values.reduce((a, b) => a + b, 0) / x.values.length;
    const square = x.values.reduce((a, b) => a + b * b, 0) / x.values.length;
    // 32 768 draws: standard errors 0.0055 and 0.0078
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(square - 1)).toBeLessThan(0.04);
    const ones = y.values.filter((label) => label === 1).length;
    expect(ones + y.values.filter((label) => label === 0).length).toBe(512);
    expect(Math.abs(ones - 256)).toBeLessThan(60);
  });
});

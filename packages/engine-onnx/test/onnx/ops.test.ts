import { type Op } from "@polytask/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CASES } from "./cases.ts";
import { Drawing } from "./drawing.ts";
import { difference } from "./support.ts";

describe("every op, encoded and run in onnxruntime", () => {
  it.each(Object.keys(CASES) as Op[])("%s is what the interpreter says", async (op) => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), async (draw) => {
        const drawing = new Drawing(draw);
        const node = CASES[op](drawing);
        expect(await difference([node], drawing.memory)).toBeLessThan(1e-6);
      }),
      { numRuns: 25 },
    );
  });
});

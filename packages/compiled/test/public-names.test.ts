import { expect, test } from "vitest";

test("public names", async () => {
  expect(Object.keys(await import("@polytask/compiled")).sort()).toEqual([
    "coversDevice",
    "createCompiledEngine",
    "fewRows",
    "inSegments",
    "pieceOf",
    "whileOneGroup",
    "withFallback",
  ]);
});

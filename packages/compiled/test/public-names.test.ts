import { expect, test } from "vitest";

test("public names", async () => {
  expect(Object.keys(await import("@polytask/compiled")).sort()).toEqual([
    "coversDevice",
    "createCompiledEngine",
    "fewRows",
    "inSegments",
    "pieceOf",
    "rewrite",
    "whileOneGroup",
    "withFallback",
  ]);
});

test("public names of export", async () => {
  expect(Object.keys(await import("@polytask/compiled/export")).sort()).toEqual([
    "areFixed",
    "fixedDims",
    "inferenceOf",
    "isFixed",
    "pieceKey",
    "plus",
    "product",
    "sameDim",
    "sameDims",
    "times",
  ]);
});

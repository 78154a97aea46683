import { expect, test } from "vitest";

test("public names", async () => {
  expect(Object.keys(await import("@polytask/compiled")).sort()).toEqual([
    "fewRows",
    "inSegments",
    "pieceOf",
    "rewrite",
    "startEngine",
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

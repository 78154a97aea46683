import { expect, test } from "vitest";

test("public names", async () => {
  expect(Object.keys(await import("@polytask/engine-tensorflow")).sort()).toEqual([
    "exportSavedModel",
    "tensorflow",
  ]);
});

import { sharedBottom } from "@polytask/arch-shared-bottom";
import { useBackend } from "@polytask/backend";
import { binary, multiclass } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectMatches, layers, scores, tanh } from "../../blocks/test/reference.ts";

beforeAll(async () => {
  await useBackend("wasm");
});
afterAll(async () => {
  await tf.setBackend("cpu");
});

// The same float64 reference as on cpu.
it("computes and differentiates on wasm", async () => {
  expect(tf.getBackend()).toBe("wasm");
  await expectMatches(
    { a: binary(), c: multiclass(3) },
    sharedBottom<"a" | "c">({ hidden: [4, 3], towers: [2], activation: "tanh" }),
    (w, x) => {
      const h = layers(w, "bottom", x, tanh);
      return { a: scores(w, "a", h, tanh), c: scores(w, "c", h, tanh) };
    },
  );
});

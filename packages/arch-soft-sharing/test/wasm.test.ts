import { softSharing } from "@polytask/arch-soft-sharing";
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
    softSharing<"a" | "c">({ hidden: [4, 3], strength: 1, activation: "tanh" }),
    (w, x) => {
      return {
        a: scores(w, "a", layers(w, "bottom/a", x, tanh), tanh),
        c: scores(w, "c", layers(w, "bottom/c", x, tanh), tanh),
      };
    },
  );
});

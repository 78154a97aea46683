import { mmoe } from "@polytask/arch-mmoe";
import { useBackend } from "@polytask/backend";
import { binary, multiclass } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  bank,
  expectMatches,
  gateOf,
  mix,
  type Rows,
  scores,
  tanh,
} from "../../blocks/test/reference.ts";

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
    mmoe<"a" | "c">({ experts: 3, hidden: [4, 2], towers: [3], activation: "tanh" }),
    (w, x) => {
      const values = bank(w, "experts", 3, x, tanh);
      const of = (task: string): Rows =>
        scores(w, task, mix(gateOf(w, `gate/${task}`, x), values), tanh);
      return { a: of("a"), c: of("c") };
    },
  );
});

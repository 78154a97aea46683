import { ple } from "@polytask/arch-ple";
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
    ple<"a" | "c">({
      levels: 2,
      sharedExperts: 1,
      taskExperts: 1,
      hidden: [3],
      activation: "tanh",
    }),
    (w, x) => {
      const at = (level: number, part: string, input: Rows): Rows =>
        bank(w, `level/${level}/${part}`, 1, input, tanh)[0];
      const [a0, c0, s0] = [at(0, "own/a", x), at(0, "own/c", x), at(0, "shared", x)];
      const a1 = mix(gateOf(w, "level/0/gate/a", x), [a0, s0]);
      const c1 = mix(gateOf(w, "level/0/gate/c", x), [c0, s0]);
      const s1 = at(1, "shared", mix(gateOf(w, "level/0/sharedGate", x), [a0, c0, s0]));
      return {
        a: scores(w, "a", mix(gateOf(w, "level/1/gate/a", a1), [at(1, "own/a", a1), s1]), tanh),
        c: scores(w, "c", mix(gateOf(w, "level/1/gate/c", c1), [at(1, "own/c", c1), s1]), tanh),
      };
    },
  );
});

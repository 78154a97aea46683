import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { measureJacobian } from "../src/jacobian.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

it.each(["batched", "separate"] as const)(
  "J written out by hand is the one that is traced from %s towers",
  async (style) => {
    const before = tf.memory().numTensors;
    const sizes = { tasks: 3, batch: 7, hidden: [6, 5] } as const;
    const { apart } = await measureJacobian(style, sizes, { rounds: 1, threads: 1 });
    expect(apart).toBeLessThan(1e-6);
    expect(tf.memory().numTensors).toBe(before);
  },
);

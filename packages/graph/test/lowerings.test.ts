import { onTape } from "@polytask/core/engine";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tables } from "./lowerings/tables.ts";
import { deviation, differences, eager, gradients, traced } from "./traced.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
  // The first tape puts right what tfjs has wrong, or lacks.
  onTape(() => null);
});

describe.each(Object.entries(tables))("%s", (_, cases) => {
  it.each(Object.entries(cases))(
    "%s",
    async (__, { f, inputs, meaning = f, gradient = "tfjs" }) => {
      const before = tf.memory().numTensors;
      expect(deviation(await traced(f, inputs), await eager(meaning, inputs))).toBeLessThan(1e-6);
      if (gradient !== "none") {
        const found = await traced(gradients(f), inputs);
        const [expected, allowed] =
          gradient === "tfjs"
            ? [await eager(gradients(meaning), inputs), 2e-6]
            : [await differences(meaning, inputs, gradient.differences), 2e-3];
        expect(deviation(found, expected)).toBeLessThan(allowed);
      }
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

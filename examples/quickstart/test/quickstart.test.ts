import { useBackend } from "@polytask/backend";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { methods, tasksFor, train } from "../src/compare.ts";
import { loadFilms } from "../src/data.ts";
import { table } from "../src/table.ts";

describe("the quickstart, on a small budget", () => {
  beforeAll(async () => {
    await useBackend("wasm");
  });

  it("trains all three ways, beats guessing, and leaves no tensor", async () => {
    const films = await loadFilms();
    const before = tf.memory().numTensors;
    const outcomes = [];
    for (const method of methods) {
      const scores = await train(method, films, 0, {
        epochs: 4,
        batchSize: 256,
        learningRate: 6e-3,
      });
      outcomes.push({ name: method.name, scores: [scores], seconds: 0 });
      // Guessing the mean rating errs by the ratings' own deviation, 1.25; the commonest genre is a quarter of all.
      expect(scores.imdb?.["rmse"]).toBeLessThan(1.25);
      expect(scores.genre?.["accuracy"]).toBeGreaterThan(0.3);
    }
    expect(tf.memory().numTensors).toBe(before);
    const lines = table(outcomes, tasksFor(films)).split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/single-task networks .* 0\.000 ± 0\.000 .* 0\.000 ± 0\.000/);
  });
});

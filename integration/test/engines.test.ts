/**
 * Every architecture with every weighting and every surgery, compiled, held against the eager engine: gradients from one
 * state, reports, random streams, predictions, and runs that change their engine half-way.
 */
import { compareEngines } from "@polytask/testkit";
import { expect, it } from "vitest";
import { engine } from "./compiled-engine.ts";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";

it.each(combinations)("$title", async ({ parts }) => {
  const found = await compareEngines<Names>({
    engine: () => engine<Names>(),
    tasks,
    parts,
    data,
    batchSize: BATCH,
    steps: 2,
  });
  expect(found.gradients).toBeLessThan(1e-5);
});

/**
 * Parameters that stay where graphs run, held against the eager engine. The CPU's device is its own memory: the same two
 * graphs, on tensors that the runtime keeps.
 */
import { compareEngines } from "@polytask/testkit";
import { expect, it } from "vitest";
import { compiledEngine } from "../../packages/engine-onnx/src/onnx.ts";
import { readOptions } from "../../packages/engine-onnx/src/options.ts";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";

const device = () => compiledEngine<Names>({ ...readOptions({ threads: 1 }), device: true }, {});

it.each(combinations)("$title", async ({ parts }) => {
  const found = await compareEngines<Names>({
    engine: device,
    tasks,
    parts,
    data,
    batchSize: BATCH,
    steps: 2,
  });
  expect(found.gradients).toBeLessThan(1e-5);
});

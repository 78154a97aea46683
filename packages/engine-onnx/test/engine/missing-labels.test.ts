import {
  createTrainer,
  CONTRACT,
  input,
  regression,
  seededRandom,
  type SurgeryPlugin,
} from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import { momentum } from "@polytask/optimizers";
import { plainModel } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const TASKS = 12;
const BATCH = 4;
const BATCHES = 40;
const names = Array.from({ length: TASKS }, (_, k) => `task${k}`);
const random = seededRandom(1)("labels");
const rows = Array.from({ length: BATCH * BATCHES }, (_, i) => i);
const data = {
  inputs: rows.map(() => [random.normal(), random.normal()]),
  labels: Object.fromEntries(
    // Every batch but the first few has its own set of tasks without a label.
    names.map((name) => [
      name,
      rows.map((i) => (i >= BATCH * 2 && random.uniform() < 0.7 ? null : random.normal())),
    ]),
  ),
};

const keepsRows: SurgeryPlugin = {
  kind: "surgery",
  name: "surgery-keeps-rows",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) => gramian.map((_, i) => gramian.map((_, j) => Number(i === j))),
  }),
};

it.each([
  ["the weighted sum", undefined],
  ["rows", keepsRows],
])("labels missing at random in 12 tasks: two steps are compiled for %s", async (_, surgery) => {
  const compiled: string[] = [];
  const seen = new Set<string>();
  await using trainer = await createTrainer(
    Object.fromEntries(names.map((name) => [name, regression()])),
    {
      architecture: plainModel(),
      encoder: input([2]),
      optimizer: momentum(),
      engine: onnx({ threads: 1, onCompile: ({ what }) => void compiled.push(what) }),
      ...(surgery && { surgery }),
      observers: [
        {
          kind: "observer",
          name: "observer-present",
          contract: CONTRACT,
          create: () => ({ step: ({ present }) => void seen.add(present.join()) }),
        },
      ],
    },
  );
  await trainer.fit(data, { epochs: 2, batchSize: BATCH, shuffle: false });
  expect(seen.size).toBeGreaterThan(20);
  expect(compiled.filter((what) => what.startsWith("step"))).toEqual(["step of 4", "step of 4"]);
});

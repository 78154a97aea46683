/** Trainers whose parameters stay on a device, and how far apart two states are. */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  createTrainer,
  type Dataset,
  eager,
  type EnginePlugin,
  input,
  type Parts,
  type Trainer,
  type TrainerState,
} from "@polytask/core";
import type { CompileReport } from "@polytask/engine-onnx";
import { expect } from "vitest";
import { compiledEngine } from "../../packages/engine-onnx/src/onnx.ts";
import { readOptions } from "../../packages/engine-onnx/src/options.ts";
import { BATCH, data, type Names, tasks } from "./compositions.ts";

/** The CPU is its own device: the same two graphs, on tensors that the runtime keeps. */
export const device = (
  provider: "cpu" | "webgpu",
  reports: CompileReport[] = [],
  memory: "stored" | "lean" = "stored",
): EnginePlugin<Names> =>
  compiledEngine(
    { ...readOptions({ threads: 1, provider, memory }), device: true },
    { onCompile: (report) => reports.push(report) },
  );

export const start = (
  engine: EnginePlugin<Names>,
  parts: Partial<Parts<Names>> = {},
): Promise<Trainer<Names>> =>
  createTrainer<Names>(tasks, {
    encoder: input([5]),
    architecture: sharedBottom({ hidden: [6, 5], towers: [4] }),
    ...parts,
    engine,
  });

/** The largest difference of a state's numbers, relative to numbers above 1. */
export function distance(actual: TrainerState, expected: TrainerState): number {
  let most = 0;
  const compare = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
    expect(a.length).toBe(b.length);
    for (let i = 0; i < b.length; i++) {
      most = Math.max(most, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])));
    }
  };
  for (const [name, { values }] of Object.entries(expected.variables)) {
    compare(actual.variables[name].values, values);
  }
  expect(Object.keys(actual.engine.tensors).sort()).toEqual(
    Object.keys(expected.engine.tensors).sort(),
  );
  for (const [name, { values }] of Object.entries(expected.engine.tensors)) {
    compare(actual.engine.tensors[name].values, values);
  }
  expect(actual.engine.counts).toEqual(expected.engine.counts);
  return most;
}

/** Steps from one state, in both engines; the largest difference after any of them. */
export async function compareSteps(
  engine: EnginePlugin<Names>,
  parts: () => Partial<Parts<Names>>,
  on: Dataset<Names> = data,
): Promise<number> {
  await using reference = await start(eager(), parts());
  await using subject = await start(engine, parts());
  const found: number[] = [];
  for (let steps = 1; steps <= 4; steps++) {
    await subject.restore(structuredClone(await reference.state()));
    const states: TrainerState[] = [];
    for (const trainer of [subject, reference]) {
      await trainer.fit(on, { steps, batchSize: BATCH, shuffle: false });
      states.push(structuredClone(await trainer.state()));
    }
    found.push(distance(states[0], states[1]));
  }
  return Math.max(...found);
}

/** Both tasks in the first and the third batch, one in the second. */
export const absent = {
  inputs: data.inputs,
  labels: {
    price: data.inputs.slice(0, data.labels.price.length),
    click: data.labels.click.map((label, i) => (i >= BATCH && i < 2 * BATCH ? null : (label ?? 1))),
  },
};

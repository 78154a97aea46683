import {
  CONTRACT,
  createTrainer,
  eager,
  type EnginePlugin,
  input,
  type Parts,
  regression,
  seededRandom,
  type StepReport,
  type Task,
  type Trainer,
} from "@polytask/core";
import { momentum } from "@polytask/optimizers";
import { onnx } from "@polytask/engine-onnx";
import { plainModel } from "@polytask/testkit";

const tasks: Readonly<Record<string, Task>> = { a: regression(), b: regression() };

export const ROWS = 8;
const random = seededRandom(5)("data");
const column = (): number[] => Array.from({ length: ROWS }, () => random.normal());
export const data = {
  inputs: Float32Array.from({ length: ROWS * 3 }, () => random.normal()),
  labels: { a: column(), b: column() },
};

/** Both engines, by name. */
export const engines: Readonly<Record<string, () => EnginePlugin>> = {
  eager: () => eager(),
  compiled: () => onnx({ threads: 1 }),
};

export const start = (parts: Partial<Parts>): Promise<Trainer<string>> =>
  createTrainer(tasks, {
    architecture: plainModel(),
    encoder: input([3]),
    optimizer: momentum({ learningRate: 0.1 }),
    ...parts,
  });

/** Trains on one batch, the same in every step; the reports, and the trainer's variables at the end. */
export async function train(
  parts: Partial<Parts>,
  steps: number,
  inputs: Float32Array = data.inputs,
): Promise<{
  readonly reports: readonly StepReport[];
  readonly variables: Readonly<Record<string, readonly number[]>>;
}> {
  const reports: StepReport[] = [];
  const step = (report: StepReport): void => void reports.push(report);
  await using trainer = await start({
    ...parts,
    observers: [
      { kind: "observer", name: "observer-keeps", contract: CONTRACT, create: () => ({ step }) },
    ],
  });
  await trainer.fit({ ...data, inputs }, { steps, batchSize: ROWS, shuffle: false });
  const { variables } = await trainer.state();
  const values = Object.entries(variables).map(([name, { values }]) => [name, [...values]]);
  return { reports, variables: Object.fromEntries(values) as Record<string, number[]> };
}

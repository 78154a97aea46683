import * as tf from "@tensorflow/tfjs";
import {
  createTrainer,
  type Dataset,
  eager,
  type EnginePlugin,
  identity,
  input,
  type InputShape,
  isShape,
  type Parts,
  type PerTask,
  type Random,
  seededRandom,
  sgd,
  type Task,
  type Trainer,
  type TrainerState,
} from "@polytask/core";
import { compareEngines } from "./compare-engines.ts";
import { demand, law, type Law } from "./law.ts";
import { expectNoLeak } from "./leak.ts";
import { sameValue } from "./plugin-laws.ts";

/** A trainer to try a part in. */
export interface TrainingSetup {
  readonly tasks: PerTask<string, Task>;
  readonly input: InputShape;
  readonly seed: number;
  /** The parts, made afresh; an encoder and an optimizer are added. */
  readonly parts: () => Parts;
  /** Default: the eager engine. */
  readonly engine?: (() => EnginePlugin) | undefined;
}

/** A label that the task accepts. */
export function drawLabel(task: Task, random: Random): number {
  const number = random.normal();
  const integer = random.integer(Math.max(2, task.units));
  return task.noise === "categorical" || task.check?.(number) !== undefined ? integer : number;
}

const BATCH = 8;

/** Three batches; three in ten labels are missing, and the last task has none in the second batch. */
function sampleData({ tasks, input: shape, seed }: TrainingSetup): Dataset {
  const random = seededRandom(seed)("data");
  const rows = 3 * BATCH;
  const size = (axes: readonly number[]): number => axes.reduce((a, b) => a * b, 1);
  const column = (axes: readonly number[]): Float32Array =>
    Float32Array.from({ length: rows * size(axes) }, () => random.normal());
  const names = Object.keys(tasks);
  const labels = names.map((name, k): [string, number[]] => {
    const each = size(tasks[name].labelShape);
    const values = Array.from({ length: rows * each }, (_, i) => {
      const label = drawLabel(tasks[name], random);
      const batch = Math.floor(i / each / BATCH);
      const missing =
        random.uniform() < 0.3 || (names.length > 1 && k === names.length - 1 && batch === 1);
      return missing ? NaN : label;
    });
    return [name, values];
  });
  return {
    inputs: isShape(shape)
      ? column(shape)
      : Object.fromEntries(Object.entries(shape).map(([name, axes]) => [name, column(axes)])),
    labels: Object.fromEntries(labels.map(([name, values]) => [name, Float32Array.from(values)])),
  };
}

export async function withTrainer<Result>(
  setup: TrainingSetup,
  body: (trainer: Trainer<string>, fitTo: (steps: number) => Promise<unknown>) => Promise<Result>,
  extra: Partial<Parts> = {},
): Promise<Result> {
  const data = sampleData(setup);
  const parts: Parts = {
    encoder: input(setup.input),
    optimizer: sgd({ learningRate: 0.05 }),
    ...setup.parts(),
    ...(setup.engine && { engine: setup.engine() }),
    ...extra,
  };
  const trainer = await createTrainer(setup.tasks, parts, { seed: setup.seed });
  try {
    return await body(trainer, (steps) =>
      trainer.fit(data, { steps, batchSize: BATCH, shuffle: false }),
    );
  } finally {
    await trainer.dispose();
  }
}

const numbers = (state: TrainerState): number[] =>
  Object.values(state.variables).flatMap(({ values }) => [...values]);

/** Trains with missing labels and absent tasks: parameters stay finite, no tensor is left behind. */
export async function checkTraining(setup: TrainingSetup): Promise<void> {
  await expectNoLeak(() =>
    withTrainer(setup, async (trainer, fitTo) => {
      await fitTo(3);
      const before = tf.memory().numTensors;
      await fitTo(6);
      const more = tf.memory().numTensors - before;
      demand(more === 0, "steps must leave no tensor behind", `three steps left ${more}`);
      const finite = numbers(await trainer.state()).every(Number.isFinite);
      demand(finite, "parameters must stay finite", "some are not");
    }),
  );
}

/** Stopped after any step and restored in another trainer, it goes on bit for bit. */
export async function checkResuming(setup: TrainingSetup): Promise<void> {
  const whole = await withTrainer(setup, async (trainer, fitTo) => {
    await fitTo(7);
    return trainer.state();
  });
  for (const stop of [1, 3, 5]) {
    const saved = await withTrainer(setup, async (trainer, fitTo) => {
      await fitTo(stop);
      return structuredClone(await trainer.state());
    });
    await withTrainer({ ...setup, seed: setup.seed + 1 }, async (trainer) => {
      await trainer.restore(saved);
      await trainer.fit(sampleData(setup), { steps: 7, batchSize: BATCH, shuffle: false });
      const end = await trainer.state();
      const same =
        sameValue(numbers(end), numbers(whole)) &&
        sameValue(end.parts, whole.parts) &&
        sameValue(end.random, whole.random);
      demand(
        same,
        "a run restored in another trainer must end bit for bit as the whole one",
        `stopped after step ${stop}, it does not`,
      );
    });
  }
}

/** Per-task rows summed over the parameters' owners are the gradient of the sum. */
export async function checkIdentitySurgery(setup: TrainingSetup, tolerance: number): Promise<void> {
  const train = (extra: Partial<Parts>): Promise<TrainerState> =>
    withTrainer(
      setup,
      async (trainer, fitTo) => {
        await fitTo(3);
        return trainer.state();
      },
      extra,
    );
  const [without, through] = [await train({}), await train({ surgery: identity() })];
  for (const [name, { values }] of Object.entries(without.variables)) {
    const other = through.variables[name].values;
    const size = Math.hypot(...values) / Math.sqrt(values.length) + 1e-3;
    const off = values.findIndex((value, i) => Math.abs(value - other[i]) > tolerance * size);
    demand(
      off < 0,
      "three steps through the identity surgery must do what three without surgery do",
      () =>
        `"${name}" is ${other[off]} at ${off}, not ${values[off]}: a gradient is lost, so its owners are too few`,
    );
  }
}

/** The engine gives what the eager engine gives, from the same states, and a run may change from one to the other. */
export const agreesWithEager = <Subject>(
  setupOf: (subject: Subject) => TrainingSetup,
): Law<Subject> =>
  law("agreesWithEager", async (subject) => {
    const setup = setupOf(subject);
    const { engine = eager, tasks, seed } = setup;
    await compareEngines({
      engine,
      tasks,
      seed,
      parts: () => ({ encoder: input(setup.input), ...setup.parts() }),
      data: sampleData(setup),
      batchSize: BATCH,
    });
  });

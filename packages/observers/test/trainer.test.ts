import {
  type ArchitecturePlugin,
  binary,
  CONTRACT,
  createTrainer,
  type EpochReport,
  input,
  type Metric,
  type ObserverPlugin,
  type PerTask,
  regression,
  type StepReport,
  type Trainer,
  type TrainerState,
} from "@polytask/core";
import { earlyStopping, history, progress } from "@polytask/observers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Name } from "./support.ts";

/** Share of labels on the right side of 0.5. */
const right: Metric = {
  name: "right",
  better: "higher",
  create: () => {
    let sum = 0;
    let count = 0;
    return {
      update: (predictions, labels) => {
        labels.forEach((label, i) => {
          sum += Number(predictions[i] > 0.5 === (label === 1));
        });
        count += labels.length;
      },
      value: () => sum / count,
    };
  },
};

const tasks = { click: binary({ metrics: [right] }), value: regression() };

const linear = (): ArchitecturePlugin<Name> => ({
  kind: "architecture",
  name: "arch-linear",
  contract: CONTRACT,
  create: (scope) => {
    const { normal } = scope.random("kernels");
    const kernel = (): tf.Variable => {
      const values = [normal(), normal()];
      return scope.variable(() => tf.tensor2d(values, [2, 1]));
    };
    const heads: PerTask<Name, tf.Variable> = { click: kernel(), value: kernel() };
    return {
      parameters: [
        { name: "click", variable: heads.click, tasks: ["click"] },
        { name: "value", variable: heads.value, tasks: ["value"] },
      ],
      lastShared: [],
      forward: (inputs) => ({
        click: tf.matMul(inputs as tf.Tensor2D, heads.click),
        value: tf.matMul(inputs as tf.Tensor2D, heads.value),
      }),
    };
  },
});

const rows = Array.from({ length: 12 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const data = {
  inputs: rows,
  labels: { click: rows.map(([a]) => Number(a > 0)), value: rows.map(([a, b]) => a - b) },
};
const validation = {
  inputs: rows,
  labels: { click: rows.map(([a]) => Number(a > 0.1)), value: rows.map(([a, b]) => a - b + 0.1) },
};

const start = (...observers: readonly ObserverPlugin<Name>[]): Promise<Trainer<Name>> =>
  createTrainer(tasks, { encoder: input([2]), architecture: linear(), observers });

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

describe("earlyStopping", () => {
  /** Worse in every epoch, so that a run stops after `patience` more than one. */
  const worsening = (patience: number, onBest?: (state: TrainerState) => void) => {
    let calls = 0;
    return earlyStopping<Name>({
      metric: () => ++calls,
      mode: "lower",
      patience,
      ...(onBest && { onBest }),
    });
  };

  it("ends fit, which says so, and the best state can be restored", async () => {
    const best: TrainerState[] = [];
    const trainer = await start(worsening(3, (state) => void best.push(state)));
    const summary = await trainer.fit(data, { epochs: 50, batchSize: 4, validation });
    expect(summary).toMatchObject({ stopped: "observer", epoch: 4 });
    expect(best.map(({ epoch }) => epoch)).toEqual([1]);
    const late = await trainer.state();
    await trainer.restore(best[0]);
    expect(trainer.epoch).toBe(1);
    const restored = await trainer.state();
    expect(restored.variables).toEqual(best[0].variables);
    expect(restored.variables).not.toEqual(late.variables);
    await trainer.dispose();
  });

  it("watches what evaluate measures", async () => {
    const values: number[] = [];
    const options = { onBest: (_state: TrainerState, value: number) => void values.push(value) };
    for (const metric of ["loss", "right"] as const) {
      values.length = 0;
      const trainer = await start(earlyStopping<Name>({ metric, ...options }));
      await trainer.fit(data, { epochs: 1, batchSize: 4, validation });
      const { losses, metrics } = await trainer.evaluate(validation);
      const mean = ((losses.click ?? NaN) + (losses.value ?? NaN)) / 2;
      expect(values).toEqual([metric === "loss" ? mean : metrics.click?.["right"]]);
      await trainer.dispose();
    }
  });

  it("stops a resumed run where it would have stopped the whole one", async () => {
    const plugin = () =>
      earlyStopping<Name>({
        metric: ({ losses }) => Math.round(4 * (losses.value ?? NaN)),
        mode: "lower",
        patience: 3,
      });
    const whole = await start(plugin());
    const { epoch } = await whole.fit(data, { epochs: 200, batchSize: 4, validation });
    expect(epoch).toBeLessThan(200);
    for (let at = 1; at < epoch; at++) {
      const first = await start(plugin());
      await first.fit(data, { epochs: at, batchSize: 4, validation });
      const second = await start(plugin());
      await second.restore(await first.state());
      await second.fit(data, { epochs: 200, batchSize: 4, validation });
      expect(second.epoch).toBe(epoch);
      expect(await second.state()).toEqual(await whole.state());
      await first.dispose();
      await second.dispose();
    }
    await whole.dispose();
  });

  it("without validation data is a clear error after the first epoch, and the trainer stays usable", async () => {
    const trainer = await start(earlyStopping<Name>());
    await expect(trainer.fit(data, { epochs: 2, batchSize: 4 })).rejects.toThrow(
      /earlyStopping: needs validation data.*POLYTASK_DATA/,
    );
    await trainer.fit(data, { epochs: 2, batchSize: 4, validation });
    expect(trainer.epoch).toBe(2);
    await trainer.dispose();
  });

  it("of an unknown metric or task is an error of createTrainer", async () => {
    await expect(start(earlyStopping<Name>({ metric: "auc" }))).rejects.toThrow('"right"');
    const plain = earlyStopping<string>({ task: "clicks" }) as unknown as ObserverPlugin<Name>;
    await expect(start(plain)).rejects.toThrow("POLYTASK_UNKNOWN_TASK");
  });
});

it("history holds what fit reports", async () => {
  const steps: StepReport<Name>[] = [];
  const epochs: EpochReport<Name>[] = [];
  const trainer = await start(history<Name>({ steps, epochs }));
  const summary = await trainer.fit(data, { epochs: 3, batchSize: 5, validation });
  expect(epochs).toEqual(summary.epochs);
  expect(steps.map(({ step, epoch, stepInEpoch }) => [step, epoch, stepInEpoch])).toEqual(
    Array.from({ length: 9 }, (_, i) => [i, Math.floor(i / 3), i % 3]),
  );
  await trainer.dispose();
});

describe("progress", () => {
  const stream = (texts: string[], isTTY: boolean) => ({
    isTTY,
    columns: 200,
    write: (text: string) => texts.push(text),
  });

  it("writes a line for every epoch, the last with everything done", async () => {
    const texts: string[] = [];
    const trainer = await start(progress<Name>({ stream: stream(texts, false), interval: 0 }));
    const { epochs } = await trainer.fit(data, { epochs: 2, batchSize: 4, validation });
    const closing = texts.filter((text) => text.includes(" val "));
    expect(closing.length).toBe(2);
    expect(closing[1]).toMatch(/^epoch 2\/2 {2}100% {2}ETA 0s {2}click .*\n$/);
    expect(closing[1]).toContain(`click ${(epochs[1].losses.click ?? NaN).toPrecision(4)} val `);
    expect(texts.length).toBe(6);
    await trainer.dispose();
  });

  it("draws a bar and leaves no timer, also when training is aborted or fails", async () => {
    const texts: string[] = [];
    const controller = new AbortController();
    const stopper: ObserverPlugin<Name> = {
      kind: "observer",
      name: "stopper",
      contract: CONTRACT,
      create: () => ({
        step: ({ step }) => {
          if (step === 1) controller.abort();
          if (step === 3) throw new Error("stumbled");
        },
      }),
    };
    const trainer = await start(progress<Name>({ stream: stream(texts, true) }), stopper);
    const { signal } = controller;
    const { stopped } = await trainer.fit(data, { epochs: 2, batchSize: 4, signal });
    expect(stopped).toBe("abort");
    expect(texts.join("")).toContain("epoch 1/2 [=======-------------] 33%");
    await expect(trainer.fit(data, { epochs: 2, batchSize: 4 })).rejects.toThrow("stumbled");
    const { length } = texts;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(texts.length).toBe(length);
    await trainer.dispose();
  });

  it("does not change what is learnt", async () => {
    const epochs: EpochReport<Name>[] = [];
    const [watched, alone] = [
      await start(progress<Name>({ stream: stream([], true) }), history<Name>(epochs)),
      await start(),
    ];
    await watched.fit(data, { epochs: 2, batchSize: 4, validation });
    await alone.fit(data, { epochs: 2, batchSize: 4 });
    expect((await watched.state()).variables).toEqual((await alone.state()).variables);
    await watched.dispose();
    await alone.dispose();
  });
});

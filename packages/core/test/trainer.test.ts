import * as tf from "@tensorflow/tfjs";
import {
  binary,
  chain,
  CONTRACT,
  createTrainer,
  equal,
  identity,
  input,
  type Parts,
  regression,
  sgd,
  type StepReport,
  type SurgeryPlugin,
  type TrainerState,
} from "@polytask/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { someData, tiny } from "./tiny.ts";

type Names = "click" | "price";
const tasks = { click: binary(), price: regression() };
const parts = (more: Partial<Parts<Names>> = {}): Parts<Names> => ({
  architecture: tiny(),
  encoder: input([4]),
  optimizer: sgd({ learningRate: 0.1 }),
  ...more,
});
const watch = (reports: StepReport<Names>[]): Partial<Parts<Names>> => ({
  observers: [
    {
      kind: "observer",
      name: "observer-watch",
      contract: CONTRACT,
      create: () => ({ step: (report) => void reports.push(report) }),
    },
  ],
});
/** Asks for G without changing anything. */
const looking: SurgeryPlugin<Names> = identity();

let tensors = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const variables = (state: TrainerState) =>
  Object.fromEntries(Object.entries(state.variables).map(([k, v]) => [k, Array.from(v.values)]));

async function trained(more: Partial<Parts<Names>>, steps: number, gap = 3, seed = 0) {
  await using trainer = await createTrainer(tasks, parts(more), { seed });
  await trainer.fit(someData(40, gap), { steps, batchSize: 8 });
  return variables(await trainer.state());
}

describe("fit", () => {
  it("lowers both losses", async () => {
    await using trainer = await createTrainer(tasks, parts());
    const data = someData(64);
    const before = await trainer.evaluate(data);
    const { stopped, epoch, step } = await trainer.fit(data, { epochs: 20, batchSize: 16 });
    const after = await trainer.evaluate(data);
    expect({ stopped, epoch, step }).toEqual({ stopped: "epochs", epoch: 20, step: 80 });
    expect(after.losses.click).toBeLessThan(0.8 * (before.losses.click ?? 0));
    expect(after.losses.price).toBeLessThan(0.5 * (before.losses.price ?? 0));
  });

  it("takes the step that hand-written gradients take", async () => {
    const data = someData(8, 3);
    await using trainer = await createTrainer(tasks, parts());
    const start = (await trainer.state()).variables;
    await trainer.fit(data, { steps: 1, batchSize: 8, shuffle: false });
    const end = (await trainer.state()).variables;
    const at = (name: string) => Array.from(start[`architecture/${name}`].values);
    const expected = handGradient(at("shared"), at("head/click"), at("head/price"), data);
    for (const [name, gradient] of Object.entries(expected)) {
      const moved = end[`architecture/${name}`].values;
      at(name).forEach((value, i) => {
        expect(Math.abs((value - moved[i]) / 0.1 - gradient[i])).toBeLessThan(2e-6);
      });
    }
  });

  it("gives the same run for the same seed and another for another", async () => {
    const first = await trained({}, 7);
    expect(await trained({}, 7)).toEqual(first);
    expect(await trained({}, 7, 3, 1)).not.toEqual(first);
  });

  it("means `epochs` and `steps` over the trainer's life", async () => {
    await using trainer = await createTrainer(tasks, parts());
    const data = someData(20);
    await trainer.fit(data, { epochs: 2, batchSize: 8 });
    const again = await trainer.fit(data, { epochs: 2, batchSize: 8 });
    expect(again).toMatchObject({ stopped: "epochs", step: 6, epochs: [] });
    expect((await trainer.fit(data, { steps: 7, batchSize: 8 })).stopped).toBe("steps");
  });

  it("stops on an abort between two steps and goes on from there", async () => {
    const data = someData(40);
    const stop = new AbortController();
    const reports: StepReport<Names>[] = [];
    await using trainer = await createTrainer(
      tasks,
      parts({
        observers: [
          {
            kind: "observer",
            name: "observer-abort",
            contract: CONTRACT,
            create: () => ({
              step: (report) => {
                reports.push(report);
                if (report.step === 2) stop.abort();
              },
            }),
          },
        ],
      }),
    );
    const first = await trainer.fit(data, { epochs: 2, batchSize: 8, signal: stop.signal });
    expect(first).toMatchObject({ stopped: "abort", step: 3, epoch: 0 });
    await trainer.fit(data, { epochs: 2, batchSize: 8 });
    expect(variables(await trainer.state())).toEqual(await trained({}, 10, 0));
    expect(reports.map(({ stepInEpoch }) => stepInEpoch)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
  });

  it("lets a timer abort a long run", async () => {
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 60);
    await using trainer = await createTrainer(tasks, parts());
    const data = someData(64);
    const { stopped } = await trainer.fit(data, { epochs: 1e6, signal: stop.signal });
    expect(stopped).toBe("abort");
  });
});

describe("surgery", () => {
  it("that changes nothing is no surgery", async () => {
    const plain = await trained({}, 12);
    for (const surgery of [identity<Names>(), chain(looking, looking), editNothing()]) {
      const operated = await trained({ surgery }, 12);
      for (const [name, values] of Object.entries(plain)) {
        values.forEach((value, i) => {
          expect(Math.abs(operated[name][i] - value)).toBeLessThan(1e-6);
        });
      }
    }
  });

  it("sees G of two separate backward passes", async () => {
    const reports: StepReport<Names>[] = [];
    const data = someData(8, 3);
    await using trainer = await createTrainer(
      tasks,
      parts({ surgery: looking, ...watch(reports) }),
    );
    const start = (await trainer.state()).variables;
    await trainer.fit(data, { steps: 1, batchSize: 8, shuffle: false });
    const at = (name: string) => Array.from(start[`architecture/${name}`].values);
    const rows = (["click", "price"] as const).map(
      (task) =>
        handGradient(at("shared"), at("head/click"), at("head/price"), {
          inputs: data.inputs,
          labels: { click: [], price: [], [task]: data.labels[task] },
        }).shared,
    );
    rows.forEach((a, i) => {
      rows.forEach((b, j) => {
        const exact = a.reduce((sum, v, k) => sum + v * b[k], 0);
        expect(Math.abs((reports[0].gramian?.[i][j] ?? NaN) - exact)).toBeLessThan(1e-6);
      });
    });
  });

  it("leaves parameters of one task alone", async () => {
    const off: SurgeryPlugin<Names> = {
      kind: "surgery",
      name: "surgery-off",
      contract: CONTRACT,
      create: () => ({ mix: ({ present }) => present.map(() => present.map(() => 0)) }),
    };
    const start = await trained({}, 0);
    const end = await trained({ surgery: off }, 5);
    expect(end["architecture/shared"]).toEqual(start["architecture/shared"]);
    expect(end["architecture/head/click"]).not.toEqual(start["architecture/head/click"]);
  });

  it("may treat parameters in blocks", async () => {
    const apart: SurgeryPlugin<Names> = {
      kind: "surgery",
      name: "surgery-apart",
      contract: CONTRACT,
      create: () => ({
        blocks: (all) => all.map((parameter) => [parameter]),
        mix: ({ present }) => present.map((_, i) => present.map((__, j) => (i === j ? 1 : 0))),
      }),
    };
    const plain = await trained({ surgery: looking }, 5);
    expect(await trained({ surgery: apart }, 5)).toEqual(plain);
  });
});

describe("absent tasks", () => {
  it("keep their head, slots and counts for as long as they are away", async () => {
    const data = someData(400);
    const labels = { ...data.labels, price: data.labels.price.map(() => null) };
    await using trainer = await createTrainer(tasks, parts({ surgery: looking }));
    const start = variables(await trainer.state());
    await trainer.fit({ inputs: data.inputs, labels }, { steps: 50, batchSize: 8 });
    const end = await trainer.state();
    expect(variables(end)["architecture/head/price"]).toEqual(start["architecture/head/price"]);
    expect(variables(end)["architecture/head/click"]).not.toEqual(start["architecture/head/click"]);
    expect(end.engine.counts).toEqual({ "architecture/shared": 50, "architecture/head/click": 50 });
  });

  it("may all be away in one step", async () => {
    const reports: StepReport<Names>[] = [];
    await using trainer = await createTrainer(tasks, parts(watch(reports)));
    const data = someData(16);
    const labels = {
      click: data.labels.click.map((v, i) => (i < 8 ? null : v)),
      price: data.labels.price.map((v, i) => (i < 8 ? null : v)),
    };
    const start = variables(await trainer.state());
    await trainer.fit({ ...data, labels }, { steps: 1, batchSize: 8, shuffle: false });
    expect(variables(await trainer.state())).toEqual(start);
    expect(reports[0]).toMatchObject({ present: [], losses: {}, weights: {} });
  });

  it("do not let an infinite loss of a missing label into the gradient", async () => {
    // A score of exactly 0 has the loss ∞ here; masking after the loss would give 0·∞ = NaN.
    const positive = {
      ...regression(),
      loss: (scores: tf.Tensor) => tf.abs(tf.log(tf.square(tf.squeeze(scores, [-1])))),
      neutral: { score: 1, label: 0 },
    };
    const { inputs, labels } = someData(8);
    inputs.fill(0, 0, 4);
    await using trainer = await createTrainer({ ...tasks, price: positive }, parts());
    const price = labels.price.map((v, i) => (i === 0 ? null : v));
    await trainer.fit({ inputs, labels: { ...labels, price } }, { steps: 2, batchSize: 8 });
    const end = variables(await trainer.state());
    expect(Object.values(end).flat().every(Number.isFinite)).toBe(true);
    await expect(trainer.fit({ inputs, labels }, { steps: 4, batchSize: 8 })).rejects.toThrow(
      /task "price".*POLYTASK_NON_FINITE/,
    );
    expect(variables(await trainer.state())).toEqual(end);
    await trainer.fit({ inputs, labels: { ...labels, price } }, { steps: 4, batchSize: 8 });
  });
});

describe("several data sets", () => {
  it("of the same rows cut in two take the step of the whole", async () => {
    const data = someData(12, 3);
    const cut = (from: number, to: number) => ({
      inputs: data.inputs.slice(from * 4, to * 4),
      labels: {
        click: data.labels.click.slice(from, to),
        price: data.labels.price.slice(from, to),
      },
    });
    const options = { steps: 3, batchSize: 12, shuffle: false };
    const ends: Record<string, number[]>[] = [];
    for (const sets of [data, [cut(0, 5), cut(5, 12)]]) {
      await using trainer = await createTrainer(tasks, parts());
      await trainer.fit(sets, options);
      ends.push(variables(await trainer.state()));
    }
    for (const [name, values] of Object.entries(ends[0])) {
      values.forEach((value, i) => {
        expect(Math.abs(ends[1][name][i] - value)).toBeLessThan(1e-6);
      });
    }
  });

  it("need labels for every task between them", async () => {
    await using trainer = await createTrainer(tasks, parts());
    const { inputs, labels } = someData(8);
    await expect(
      trainer.fit([{ inputs, labels: { click: labels.click } }], { epochs: 1 }),
    ).rejects.toThrow(/"price" has none.*POLYTASK_DATA/);
  });
});

describe("state and restore", () => {
  it.each([1, 4, 5, 6, 9])("after step %i go on bit for bit", async (stop) => {
    const whole = await trained({ surgery: looking, weighting: equal() }, 11);
    const data = someData(40, 3);
    await using first = await createTrainer(tasks, parts({ surgery: looking }));
    await first.fit(data, { steps: stop, batchSize: 8 });
    const saved = structuredClone(await first.state());
    await using second = await createTrainer(tasks, parts({ surgery: looking }), { seed: 99 });
    await second.restore(saved);
    await second.fit(data, { steps: 11, batchSize: 8 });
    expect(variables(await second.state())).toEqual(whole);
  });

  it("refuse another trainer's state and change nothing", async () => {
    await using one = await createTrainer(tasks, parts());
    await using other = await createTrainer(tasks, parts({ architecture: tiny({ hidden: 3 }) }));
    const before = variables(await other.state());
    await expect(other.restore(await one.state())).rejects.toThrow(/POLYTASK_STATE/);
    expect(variables(await other.state())).toEqual(before);
  });
});

describe("predict", () => {
  it("gives one array per task, and the same tensors on request", async () => {
    await using trainer = await createTrainer(tasks, parts());
    const { inputs } = someData(10);
    const arrays = await trainer.predict(inputs, { batchSize: 4 });
    const tensors = await trainer.predict(inputs, { as: "tensor" });
    expect(arrays.click).toHaveLength(10);
    expect(tensors.click.shape).toEqual([10, 1]);
    expect(Array.from(await tensors.price.data())).toEqual(Array.from(arrays.price));
    tf.dispose(Object.values(tensors));
    const some = await trainer.predict(inputs, { tasks: ["price"] });
    expect(Object.keys(some)).toEqual(["price"]);
  });

  it("is the batch size's business alone", async () => {
    await using trainer = await createTrainer(tasks, parts());
    const { inputs } = someData(10);
    const whole = await trainer.predict(inputs);
    expect(await trainer.predict(inputs, { batchSize: 1 })).toEqual(whole);
  });
});

describe("clipping", () => {
  it("limits the norm of the whole combined gradient", async () => {
    const clipped = { ...sgd({ learningRate: 1 }) };
    const optimizer = {
      ...clipped,
      create: async (scope: Parameters<typeof clipped.create>[0]) => ({
        ...(await clipped.create(scope)),
        clip: { norm: 1e-3 },
      }),
    };
    const start = Object.values(await trained({}, 0)).flat();
    const end = Object.values(await trained({ optimizer }, 1)).flat();
    const moved = Math.sqrt(end.reduce((sum, v, i) => sum + (v - start[i]) ** 2, 0));
    expect(moved).toBeCloseTo(1e-3, 6);
  });
});

/** J through unchanged, by the traced way. */
function editNothing(): SurgeryPlugin<Names> {
  return {
    kind: "surgery",
    name: "surgery-edit",
    contract: CONTRACT,
    create: () => ({ edit: (jacobian) => jacobian }),
  };
}

/** The gradient of the summed losses, in float64, by hand. */
function handGradient(
  shared: number[],
  click: number[],
  price: number[],
  data: {
    inputs: Float32Array;
    labels: { click: (number | null)[]; price: (number | null)[] };
  },
) {
  const hidden = click.length;
  const gradient = {
    shared: shared.map(() => 0),
    "head/click": click.map(() => 0),
    "head/price": price.map(() => 0),
  };
  const heads = { click, price };
  for (const task of ["click", "price"] as const) {
    const labels = data.labels[task];
    const count = labels.filter((y) => y !== null).length;
    labels.forEach((y, row) => {
      if (y === null) return;
      const x = Array.from(data.inputs.subarray(row * 4, row * 4 + 4));
      const h = Array.from({ length: hidden }, (_, j) =>
        Math.tanh(x.reduce((sum, v, i) => sum + v * shared[i * hidden + j], 0)),
      );
      const s = h.reduce((sum, v, j) => sum + v * heads[task][j], 0);
      const ds = (task === "click" ? 1 / (1 + Math.exp(-s)) - y : 2 * (s - y)) / count;
      h.forEach((v, j) => {
        gradient[`head/${task}`][j] += ds * v;
        const dh = ds * heads[task][j] * (1 - v * v);
        x.forEach((xi, i) => {
          gradient.shared[i * hidden + j] += dh * xi;
        });
      });
    });
  }
  return gradient;
}

describe("reading the state while a fit runs", () => {
  it("gives the state between two steps", async () => {
    const states = new Map<number, Record<string, number[]>>();
    for (const steps of [0, 1, 2, 3, 4, 5]) states.set(steps, await trained({}, steps, 0));
    await using trainer = await createTrainer(tasks, parts());
    const running = trainer.fit(someData(40), { steps: 5, batchSize: 8 });
    for (let i = 0; i < 4; i++) {
      const seen = await trainer.state();
      expect(variables(seen)).toEqual(states.get(seen.step));
    }
    await running;
  });
});

describe("a gradient that is not finite under a finite loss", () => {
  it("is found before anything moves, and named", async () => {
    // √s² at s = 0: the loss is 0, its gradient 0/0.
    const rooted = {
      ...regression(),
      loss: (scores: tf.Tensor) => tf.sqrt(tf.square(tf.squeeze(scores, [-1]))),
      neutral: { score: 1, label: 0 },
    };
    const { inputs, labels } = someData(8);
    inputs.fill(0, 0, 4);
    for (const surgery of [undefined, looking]) {
      await using trainer = await createTrainer(
        { ...tasks, price: rooted },
        parts(surgery ? { surgery } : {}),
      );
      const before = await trainer.state();
      await expect(trainer.fit({ inputs, labels }, { steps: 1 })).rejects.toThrow(
        /price.*POLYTASK_NON_FINITE/,
      );
      expect(variables(await trainer.state())).toEqual(variables(before));
      expect(trainer.step).toBe(0);
    }
  });
});

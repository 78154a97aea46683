import * as tf from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  binary,
  createTrainer,
  identity,
  input,
  multiclass,
  type Parts,
  PolytaskError,
  regression,
  type SurgeryPlugin,
} from "@polytask/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { someData, tiny } from "./tiny.ts";

type Names = "click" | "price";
const tasks = { click: binary(), price: regression() };
const good: Parts<Names> = { architecture: tiny(), encoder: input([4]) };

let tensors = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const failure = async (promise: Promise<unknown>): Promise<PolytaskError> => {
  const error: unknown = await promise.then(
    () => "no error",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PolytaskError);
  return error as PolytaskError;
};

const broken = (change: Partial<Awaited<ReturnType<ArchitecturePlugin<Names>["create"]>>>) => {
  const whole = tiny<Names>();
  return {
    ...whole,
    create: async (scope) => ({ ...(await whole.create(scope)), ...change }),
  } satisfies ArchitecturePlugin<Names>;
};

describe("wiring", () => {
  const pair: SurgeryPlugin<Names> = {
    ...identity<Names>(),
    create: () => ({ mix: () => [[1]], needs: { tasks: 3 } }),
  };
  const wrong: readonly (readonly [string, string, unknown])[] = [
    ["two architectures", "POLYTASK_PART", { ...good, architecture: [tiny(), tiny()] }],
    ["no architecture", "POLYTASK_PART", { encoder: good.encoder }],
    ["a surgery as architecture", "POLYTASK_PART", { ...good, architecture: identity() }],
    ["an architecture as regularizer", "POLYTASK_PART", { ...good, regularizers: [tiny()] }],
    [
      "another major of core",
      "POLYTASK_CONTRACT",
      { ...good, surgery: { ...identity(), contract: 2 } },
    ],
    ["too few tasks", "POLYTASK_TOO_FEW_TASKS", { ...good, surgery: pair }],
    [
      "a need that the architecture does not meet",
      "POLYTASK_NEED",
      {
        ...good,
        architecture: broken({ lastShared: [] }),
        weighting: {
          kind: "weighting",
          name: "weighting-norms",
          contract: 1,
          create: () => ({ weigh: (l: tf.Tensor1D) => l, needs: { lastSharedNorms: true } }),
        },
      },
    ],
    [
      "a surgery at an activation, on an engine that cannot do it",
      "POLYTASK_NEED",
      {
        ...good,
        surgery: {
          ...identity(),
          create: () => ({ at: { activation: "h" }, edit: (j: tf.Tensor2D) => j }),
        },
      },
    ],
    [
      "probes, on an engine that has none",
      "POLYTASK_NEED",
      {
        ...good,
        weighting: {
          kind: "weighting",
          name: "weighting-probing",
          contract: 1,
          create: () => ({ weigh: (l: tf.Tensor1D) => l, needs: { probes: true } }),
        },
      },
    ],
    [
      "no parameters",
      "POLYTASK_BROKEN_PART",
      { ...good, architecture: broken({ parameters: [], lastShared: [] }) },
    ],
    [
      "a parameter of an unknown task",
      "POLYTASK_UNKNOWN_TASK",
      {
        ...good,
        architecture: {
          ...tiny(),
          create: async (scope: Parameters<ArchitecturePlugin["create"]>[0]) => {
            const model = await tiny().create(scope);
            return { ...model, parameters: [{ ...model.parameters[0], tasks: ["clik"] }] };
          },
        },
      },
    ],
    [
      "one name for two parameters",
      "POLYTASK_BROKEN_PART",
      {
        ...good,
        architecture: {
          ...tiny(),
          create: async (scope: Parameters<ArchitecturePlugin["create"]>[0]) => {
            const model = await tiny().create(scope);
            return {
              ...model,
              parameters: model.parameters.map((parameter) => ({ ...parameter, name: "same" })),
            };
          },
        },
      },
    ],
  ];

  it.each(wrong)("refuses %s", async (_, code, parts) => {
    const error = await failure(createTrainer(tasks, parts as Parts<Names>));
    expect(error.code).toBe(code);
    expect(error.message).toContain(error.remedy);
  });

  it.each([
    ["no tasks", {}],
    ["something that is no task", { click: binary, price: regression() }],
    ["a name with a slash", { "a/b": binary() }],
  ])("refuses %s", async (_, bad) => {
    const error = await failure(createTrainer(bad as unknown as typeof tasks, good));
    expect(error.code).toBe("POLYTASK_TASKS");
  });

  it("leaves nothing behind when a part throws after making variables", async () => {
    const half: ArchitecturePlugin<Names> = {
      ...tiny(),
      create: async (scope) => {
        await tiny<Names>().create(scope);
        throw new Error("half-way");
      },
    };
    await expect(createTrainer(tasks, { ...good, architecture: half })).rejects.toThrow("half-way");
  });
});

describe("data", () => {
  const data = someData(8);
  const { inputs, labels } = data;
  const wrong: readonly (readonly [string, string, RegExp, unknown])[] = [
    [
      "an unknown task",
      "POLYTASK_UNKNOWN_TASK",
      /"clik"/,
      { inputs, labels: { ...labels, clik: labels.click } },
    ],
    [
      "no labels of a task",
      "POLYTASK_DATA",
      /"price" has none/,
      { inputs, labels: { click: labels.click } },
    ],
    ["no labels at all", "POLYTASK_DATA", /has none/, { inputs, labels: {} }],
    [
      "a label outside the classes",
      "POLYTASK_DATA",
      /row 3 holds 2/,
      { inputs, labels: { ...labels, click: labels.click.with(3, 2 as 1) } },
    ],
    [
      "an infinite label",
      "POLYTASK_DATA",
      /row 1 holds Infinity/,
      { inputs, labels: { ...labels, price: labels.price.with(1, Infinity) } },
    ],
    ["a NaN input", "POLYTASK_DATA", /row 1 holds NaN/, { inputs: inputs.with(5, NaN), labels }],
    [
      "an infinite input",
      "POLYTASK_DATA",
      /row 0 holds -Infinity/,
      { inputs: inputs.with(0, -Infinity), labels },
    ],
    [
      "inputs of another length",
      "POLYTASK_DATA",
      /has 7.*has 8/,
      { inputs: inputs.slice(4), labels },
    ],
    ["inputs of another shape", "POLYTASK_DATA", /holds 31/, { inputs: inputs.slice(1), labels }],
    [
      "rows of another width",
      "POLYTASK_DATA",
      /row 0 holds 3/,
      { inputs: [[1, 2, 3]], labels: { click: [1], price: [1] } },
    ],
    ["no rows", "POLYTASK_DATA", /empty/, { inputs: [], labels: { click: [], price: [] } }],
    ["a mask of another length", "POLYTASK_DATA", /mask/, { ...data, masks: { click: [true] } }],
  ];

  it.each(wrong)(
    "with %s is refused before the first step, and the trainer goes on",
    async (_, code, message, bad) => {
      await using trainer = await createTrainer(tasks, good);
      const before = await trainer.state();
      const error = await failure(trainer.fit(bad as typeof data, { epochs: 1 }));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(await trainer.state()).toEqual(before);
      expect((await trainer.fit(data, { epochs: 1, batchSize: 3 })).step).toBe(3);
    },
  );

  it("may be one example, or a batch of one", async () => {
    await using trainer = await createTrainer(tasks, good);
    await trainer.fit(
      { inputs: inputs.slice(0, 4), labels: { click: [1], price: [2] } },
      { epochs: 1 },
    );
    await trainer.fit(data, { epochs: 2, batchSize: 1 });
    expect(trainer.step).toBe(9);
  });

  it("names the class range", async () => {
    await using trainer = await createTrainer(
      { kind: multiclass(3) },
      { architecture: tiny(), encoder: input([4]) },
    );
    const error = await failure(
      trainer.fit({ inputs: inputs.slice(0, 4), labels: { kind: [3] } }, { epochs: 1 }),
    );
    expect(error.message).toContain("must be a class from 0 to 2; row 0 holds 3");
  });
});

describe("use at the wrong time", () => {
  it("after dispose", async () => {
    const trainer = await createTrainer(tasks, good);
    await trainer.dispose();
    await trainer.dispose();
    const data = someData(4);
    for (const call of [
      trainer.fit(data, { epochs: 1 }),
      trainer.evaluate(data),
      trainer.predict(data.inputs),
      trainer.state(),
    ]) {
      expect((await failure(call)).code).toBe("POLYTASK_NOT_AVAILABLE");
    }
    expect(() => trainer.summary()).toThrow(/disposed/);
  });

  it("during a fit", async () => {
    await using trainer = await createTrainer(tasks, good);
    const data = someData(64);
    const running = trainer.fit(data, { epochs: 5, batchSize: 8 });
    expect((await failure(trainer.fit(data, { epochs: 5 }))).message).toContain(
      "fit is still running",
    );
    expect((await failure(trainer.dispose())).code).toBe("POLYTASK_NOT_AVAILABLE");
    await running;
  });

  it.each([{}, { epochs: -1 }, { epochs: 1.5 }, { epochs: 1, batchSize: 0 }])(
    "with fit options %j",
    async (options) => {
      await using trainer = await createTrainer(tasks, good);
      expect((await failure(trainer.fit(someData(4), options))).code).toBe("POLYTASK_OPTION");
    },
  );
});

describe("a broken part", () => {
  it.each([
    [
      "scores of another shape",
      broken({ forward: () => ({ click: tf.zeros([8, 2]) }) }),
      /shape \[8, 1\]/,
    ],
    ["no scores", broken({ forward: () => ({}) }), /returned none/],
  ])("with %s is named", async (_, architecture, message) => {
    await using trainer = await createTrainer(tasks, { ...good, architecture });
    const error = await failure(trainer.fit(someData(8), { epochs: 1 }));
    expect(error.code).toBe("POLYTASK_BROKEN_PART");
    expect(error.message).toMatch(message);
  });

  it("that throws in the middle of a step leaves no tensor and a usable trainer", async () => {
    let faulty = true;
    const moody = tiny<Names>({
      forward: (h) => {
        if (faulty) throw new Error("mood");
        return h;
      },
    });
    await using trainer = await createTrainer(tasks, {
      ...good,
      architecture: moody,
      surgery: identity(),
    });
    const before = tf.memory().numTensors;
    await expect(trainer.fit(someData(8), { epochs: 1 })).rejects.toThrow("mood");
    expect(tf.memory().numTensors).toBe(before);
    faulty = false;
    await trainer.fit(someData(8), { epochs: 1 });
  });

  it("whose gradient tfjs lacks leaves no tensor", async () => {
    const turned = tiny<Names>({
      forward: (h) => {
        const images = tf.reshape<tf.Rank.R4>(h, [h.shape[0], 1, h.size / h.shape[0], 1]);
        return tf.reshape(tf.image.rotateWithOffset(images, 0), h.shape);
      },
    });
    await using trainer = await createTrainer(tasks, { ...good, architecture: turned });
    const before = tf.memory().numTensors;
    await expect(trainer.fit(someData(8), { epochs: 1 })).rejects.toThrow(
      /gradient function not found/i,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it("whose surgery returns a wrong matrix is named", async () => {
    const surgery: SurgeryPlugin<Names> = { ...identity(), create: () => ({ mix: () => [[1]] }) };
    await using trainer = await createTrainer(tasks, { ...good, surgery });
    expect((await failure(trainer.fit(someData(8), { epochs: 1 }))).message).toContain(
      "2×2 finite numbers",
    );
  });
});

import { type ArchitecturePlugin, CONTRACT, type EnginePlugin } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import { adam } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { data, ROWS, start } from "../engine/support.ts";
import { growth } from "../memory.ts";
import { device, keepsRows } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
  // What the runtime is tried for, once a process.
  await (await start({ engine: device() })).dispose();
});

/** One shared layer of so many units, and a linear head for each task. */
const wide = (units: number): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-wide",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("weights");
    const make = (inputs: number, outputs: number) => {
      const values = Float32Array.from({ length: inputs * outputs }, () => random.normal());
      return scope.variable(() => tf.tensor(values, [inputs, outputs]));
    };
    const shared = make(3, units);
    const heads = scope.tasks.map((name) => ({ name, variable: make(units, 1), tasks: [name] }));
    return {
      parameters: [
        { name: "shared", variable: shared, tasks: scope.tasks },
        ...heads.map((head) => ({ ...head, name: `head/${head.name}` })),
      ],
      lastShared: [shared],
      forward: (inputs) => {
        const hidden = tf.tanh<Tensor2D>(tf.matMul(inputs as Tensor2D, shared));
        return Object.fromEntries(
          heads.map(({ name, variable }) => [name, tf.matMul(hidden, variable as Tensor2D)]),
        );
      },
    };
  },
});

/** Numbers that sessions are given, but for their own results, and numbers of results that are read while `run` runs. */
async function crossing(run: () => Promise<void>): Promise<number> {
  const results = new Set<Tensor>();
  let crossed = 0;
  /** Counts a result's numbers when they are asked for. */
  const watch = (tensor: Tensor): void => {
    const { data, size } = tensor;
    Object.defineProperty(tensor, "data", {
      configurable: true,
      get: () => {
        crossed += size;
        return data;
      },
    });
    results.add(tensor);
  };
  const create = InferenceSession.create.bind(InferenceSession);
  const creation = vi.spyOn(InferenceSession, "create").mockImplementation((async (
    bytes: Uint8Array,
    options: InferenceSession.SessionOptions,
  ) => {
    const session = await create(bytes, options);
    const original = session.run.bind(session);
    vi.spyOn(session, "run").mockImplementation(
      async (feeds: InferenceSession.FeedsType, fetches: InferenceSession.FetchesType) => {
        const own = Object.values(feeds).filter((tensor) => results.has(tensor));
        // The runtime reads them where they are.
        for (const tensor of own) Reflect.deleteProperty(tensor, "data");
        for (const tensor of Object.values(feeds)) {
          if (!results.has(tensor)) crossed += tensor.size;
        }
        const found = await original(feeds, fetches);
        for (const tensor of [...own, ...Object.values(found)]) watch(tensor);
        return found;
      },
    );
    return session;
  }) as typeof create);
  try {
    await run();
  } finally {
    creation.mockRestore();
  }
  return crossed;
}

describe.each([
  ["the weighted sum", {}],
  ["rows", { surgery: keepsRows }],
])("a step on %s", (_, parts) => {
  const fit = (engine: EnginePlugin, units: number, steps: number) =>
    crossing(async () => {
      const optimizer = adam({ learningRate: 0.01 });
      const architecture = wide(units);
      await using trainer = await start({ ...parts, engine, optimizer, architecture });
      await trainer.fit(data, { steps, batchSize: ROWS, shuffle: false });
    });
  /** What comes with each further step. */
  const perStep = async (engine: () => EnginePlugin, units: number): Promise<number> =>
    ((await fit(engine(), units, 8)) - (await fit(engine(), units, 4))) / 4;

  it("sends and fetches as much for any number of parameters on a device", async () => {
    const few = await perStep(device, 8);
    expect(await perStep(device, 800)).toBe(few);
    // Inputs and labels of 8 examples, and for two tasks masks, losses, weights, Gramians, the rule's numbers.
    expect(few).toBeLessThan(ROWS * (3 + 2) + 40);
  });

  it("is given all parameters in the host's memory", async () => {
    const engine = () => onnx({ threads: 1 });
    const [few, many] = [await perStep(engine, 8), await perStep(engine, 800)];
    // What is written into an array of the host's counts nowhere: these are the feeds.
    expect((many - few) / (792 * (3 + 2))).toBeCloseTo(1, 2);
  });
});

it.each([
  ["the weighted sum", {}],
  ["rows", { surgery: keepsRows }],
])("memory stays flat on %s", { timeout: 300_000 }, async (_, parts) => {
  await using trainer = await start({ ...parts, engine: device() });
  let steps = 0;
  const fit = async (more: number): Promise<void> => {
    steps += more;
    await trainer.fit(data, { steps, batchSize: ROWS });
  };
  await fit(500);
  const tensors = tf.memory().numTensors;
  const { resident, objects } = await growth(() => fit(1000));
  expect(tf.memory().numTensors).toBe(tensors);
  // A tensor that is not let go holds more than 100 bytes: 0.1 MiB in a run of 1,000 steps.
  expect(objects).toBeLessThan(0.1);
  expect(resident).toBeLessThan(5);
});

import * as tf from "@tensorflow/tfjs";
import {
  binary,
  constant,
  type Network,
  type Pass,
  regression,
  seededRandom,
} from "@polytask/core";
import {
  CONSTANT_SCOPE,
  detach,
  drawNoise,
  gradientsOf,
  labelledLoss,
  makeTensor,
  onTape,
  penaltyOf,
  readTensor,
  scoresOf,
  traceWeights,
} from "@polytask/core/engine";
import { expect, it } from "vitest";

/** A pass that a tracer might give: nothing of the eager engine is in it. */
const pass: Pass = {
  tasks: ["a", "b"],
  training: true,
  noise: (shape) => tf.fill([...shape], 0.5),
  host: (_key, shape, read) =>
    tf.tensor(Float32Array.from(read({ step: 3, epoch: 1 })), [...shape]),
  detach,
  expose: (_name, value) => value,
  assign: () => undefined,
};

const numbers = async (tensor: tf.Tensor): Promise<number[]> => Array.from(await tensor.data());

/** Runs on the tape what gives some tensors, and reads them; leaves none. */
async function tensorsOf(body: () => readonly tf.Tensor[]): Promise<number[][]> {
  const before = tf.memory().numTensors;
  const outside = tf.tidy(() => onTape((collect) => body().map(collect)));
  const values = await Promise.all(outside.map(numbers));
  tf.dispose([...outside]);
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

it("gives several gradients of one forward pass, without the eager engine", async () => {
  let forwards = 0;
  const [left, right] = await tensorsOf(() => {
    const x = tf.tensor1d([1, 2, 3]);
    forwards++;
    const square = tf.square(x);
    const [a] = gradientsOf(tf.sum(square), [x]);
    const [b] = gradientsOf(tf.sum(tf.mul(square, detach(x))), [x]);
    return [a as tf.Tensor, b as tf.Tensor];
  });
  expect(left).toEqual([2, 4, 6]);
  // d(x²·c)/dx at c = x, which is 2x² and not the 3x² of x³.
  expect(right).toEqual([2, 8, 18]);
  expect(forwards).toBe(1);
});

it("takes the share of a loss as a number or as a scalar", async () => {
  const scores = [[3], [-1], [0.5]];
  const task = regression();
  const losses = await tensorsOf(() => {
    const labels = {
      values: tf.tensor1d([1, 0, 2]),
      present: tf.tensor1d([true, false, true], "bool"),
    };
    const share = tf.scalar(0.25);
    return [
      labelledLoss(task, tf.tensor2d(scores), labels, 0.25),
      labelledLoss(task, tf.tensor2d(scores), labels, share),
      labelledLoss(task, tf.tensor2d(scores), { values: labels.values }, share),
    ];
  });
  // ((3 − 1)² + (0.5 − 2)²)/4, and with (−1 − 0)² between them
  expect(losses).toEqual([[1.5625], [1.5625], [1.8125]]);
});

const network = {
  tasks: ["a", "b"],
  task: { a: regression(), b: binary() },
  nameOf: () => "a part",
  parameters: [],
  extras: [],
  regularizers: [],
  needs: { lastSharedNorms: false, gramian: false, activations: [] },
} as unknown as Network;

it("gives the effective weights of a weighting, absent tasks left out", async () => {
  const geometric = {
    ...network,
    // Σ_k √(L_a·L_b)/2: each weight is √(other/own)/2.
    weighting: {
      weigh: (losses: tf.Tensor1D) => tf.mul(tf.fill([2], 0.5), tf.sqrt(tf.prod(losses))),
    },
  } as unknown as Network;
  const weights = (losses: number[], flags: number[], everyone: boolean) =>
    tensorsOf(() => [
      traceWeights(geometric, tf.tensor1d(losses), { present: tf.tensor1d(flags), everyone, pass })
        .weights,
    ]);
  const [[a, b]] = await weights([4, 1], [1, 1], true);
  expect(a).toBeCloseTo(0.25, 6);
  expect(b).toBeCloseTo(1, 6);
  // The general form agrees with the short one, and an absent task's loss reads 1.
  expect(await weights([4, 1], [1, 1], false)).toEqual([[a, b]]);
  const [[alone, absent]] = await weights([4, 0], [1, 0], false);
  expect(alone).toBeCloseTo(0.125, 6);
  expect(absent).toBe(0);
});

it("adds the penalties that there are, on the pass that it is given", async () => {
  const input = { columns: {}, outputs: {}, activations: {}, pass };
  const penalized = {
    ...network,
    model: { penalty: () => tf.scalar(2) },
    regularizers: [
      {
        penalty: ({ present, pass: given }: { present: tf.Tensor1D; pass: Pass }) =>
          tf.mul(
            tf.sum(present),
            given.host("λ", [], ({ step }) => [step]),
          ),
      },
      {},
    ],
  } as unknown as Network;
  const [[sum]] = await tensorsOf(() => [
    penaltyOf(penalized, { ...input, present: tf.tensor1d([1, 0]) }) as tf.Tensor,
  ]);
  expect(sum).toBe(5);
  const none = { ...network, model: {} } as unknown as Network;
  const present = tf.tensor1d([1, 1]);
  expect(penaltyOf(none, { ...input, present })).toBeUndefined();
  const needy = { ...none, needs: { ...network.needs, activations: ["gate"] } };
  expect(() => penaltyOf(needy, { ...input, present })).toThrow("POLYTASK_BROKEN_PART");
  present.dispose();
});

it("checks the scores of a forward pass that is given columns", () => {
  const wrong = {
    ...network,
    encoder: { encode: ({ x }: { x: tf.Tensor }) => x },
    model: { forward: (x: tf.Tensor) => ({ a: x, b: tf.sum(x, 1) }) },
  } as unknown as Network;
  const before = tf.memory().numTensors;
  expect(() =>
    tf.tidy(() => scoresOf(wrong, { x: tf.ones([3, 1]) }, 3, pass) as Record<string, tf.Tensor>),
  ).toThrow('task "b" must have shape [3, 1]; got [3]');
  expect(tf.memory().numTensors).toBe(before);
});

it("draws a step's noise from a stream, the same again from the same place", () => {
  const random = seededRandom(4)("noise");
  const start = random.state();
  const uniform = drawNoise(random, 500, "uniform");
  expect(uniform.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(drawNoise(random, 500, "uniform")).not.toEqual(uniform);
  random.restore(start);
  expect(drawNoise(random, 500, "uniform")).toEqual(uniform);
  const normal = drawNoise(random, 4000, "normal");
  expect(normal.reduce((a, b) => a + b) / 4000).toBeCloseTo(0, 1);
  expect(Math.hypot(...normal) / Math.sqrt(4000)).toBeCloseTo(1, 1);
});

it("reads a tensor into its saved form and back", async () => {
  const before = tf.memory().numTensors;
  const tensor = makeTensor({ shape: [2, 1], values: Float32Array.of(0.1, -3) });
  expect(await readTensor(tensor)).toEqual({ shape: [2, 1], values: Float32Array.of(0.1, -3) });
  tensor.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it("shows an engine which tensors are meant to be constant", async () => {
  const scopes = (): string[] => tf.engine().state.scopeStack.map(({ name }) => name);
  let inside: string[] = [];
  const before = tf.memory().numTensors;
  const made = constant(() => {
    inside = scopes();
    return tf.sub(tf.tensor1d([1, 2]), tf.scalar(1));
  });
  expect(inside.filter((name) => name === CONSTANT_SCOPE)).toHaveLength(1);
  expect(scopes()).not.toContain(CONSTANT_SCOPE);
  expect(await numbers(made)).toEqual([0, 1]);
  expect(tf.memory().numTensors).toBe(before + 1);
  made.dispose();
});

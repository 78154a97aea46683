import * as tf from "@tensorflow/tfjs";
import {
  type ArchitecturePlugin,
  CONTRACT,
  createTrainer,
  input,
  type OptimizerPlugin,
  type RowUpdates,
  type Task,
} from "@polytask/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let tensors = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

/** The loss is the score itself: with one example in a batch, the gradient of x·w is x. */
const itself: Task = {
  kind: "itself",
  units: 1,
  labelShape: [],
  loss: (scores) => tf.squeeze(scores, [-1]),
  link: (scores) => scores,
  noise: "gaussian",
  metrics: [],
};

/** Six numbers from 0, in the given shape. */
const table = (shape: readonly number[], layout: "dense" | "rows"): ArchitecturePlugin<"one"> => ({
  kind: "architecture",
  name: "arch-table",
  contract: CONTRACT,
  create: (scope) => {
    const variable = scope.variable(() => tf.zeros([...shape]));
    return {
      parameters: [{ name: "table", variable, tasks: ["one"], layout }],
      lastShared: [],
      forward: (x) => ({
        one: tf.matMul(x as tf.Tensor2D, tf.reshape<tf.Rank.R2>(variable, [6, 1])),
      }),
    };
  },
});

/** s ← s/2 + g, p ← p − s: all of it exact in float32. */
const halving = (rows?: RowUpdates): OptimizerPlugin => ({
  kind: "optimizer",
  name: "halving",
  contract: CONTRACT,
  create: () => ({
    slots: ["sum"],
    ...(rows && { rows }),
    rate: () => 1,
    scalars: () => [],
    update: (value, gradient, [before]) => {
      const sum = tf.add(tf.div(before, 2), gradient);
      return { value: tf.sub(value, sum), slots: [sum] };
    },
  }),
});

const gradients = [
  [1, 2, 0, 0, 0, -4],
  [0, 0, 8, 0, 0, 2],
  [0, 0, 0, 0, 0, 0],
  [2, 0, 0, 0, 0, 0],
];

async function train(
  shape: readonly number[],
  layout: "dense" | "rows",
  optimizer: OptimizerPlugin,
) {
  await using trainer = await createTrainer(
    { one: itself },
    { architecture: table(shape, layout), encoder: input([6]), optimizer },
  );
  const data = { inputs: gradients, labels: { one: [0, 0, 0, 0] } };
  await trainer.fit(data, { epochs: 1, batchSize: 1, shuffle: false });
  const { variables, engine } = await trainer.state();
  return {
    value: [...variables["architecture/table"].values],
    sum: [...engine.tensors["architecture/table/sum"].values],
    count: engine.counts["architecture/table"],
  };
}

describe("a row without a gradient in a step", () => {
  const exact = {
    value: [-3.875, -3.75, -14, 0, 0, 4],
    sum: [2.125, 0.25, 2, 0, 0, 0],
    count: 4,
  };

  it.each([[[3, 2]], [[3, 1, 2]]])("stays under a lazy optimizer, in a table %j", async (shape) => {
    expect(await train(shape, "rows", halving("lazy"))).toEqual({
      value: [-3.5, -3, -8, 0, 0, 4],
      sum: [2.5, 1, 8, 0, 0, 0],
      count: 4,
    });
  });

  it("is one number where the table has rows of one", async () => {
    expect(await train([6], "rows", halving("lazy"))).toEqual({
      value: [-3.5, -2, -8, 0, 0, 4],
      sum: [2.5, 2, 8, 0, 0, 0],
      count: 4,
    });
  });

  it("moves on under an exact optimizer, which is the default", async () => {
    expect(await train([3, 2], "rows", halving("exact"))).toEqual(exact);
    expect(await train([3, 2], "rows", halving())).toEqual(exact);
  });

  it("moves on in a dense parameter, whatever the optimizer", async () => {
    expect(await train([3, 2], "dense", halving("lazy"))).toEqual(exact);
  });
});

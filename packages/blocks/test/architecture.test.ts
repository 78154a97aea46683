import { useBackend } from "@polytask/backend";
import {
  batchNorm,
  type Block,
  dense,
  dropout,
  embedding,
  fromLayers,
  layerNorm,
  mlp,
} from "@polytask/blocks";
import {
  type ArchitecturePlugin,
  type ArchitectureScope,
  CONTRACT,
  createTrainer,
  identity,
  input,
  regression,
} from "@polytask/core";
import { describeArchitecture, expectNoLeak } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** One trunk for all tasks, a linear head for each. */
function architecture<Name extends string>(
  trunk: (scope: ArchitectureScope<Name>, input: number) => readonly Block<Name>[],
  head: (scope: ArchitectureScope<Name>, task: Name, input: number) => Block<Name>,
): ArchitecturePlugin<Name> {
  return {
    kind: "architecture",
    name: "arch-of-blocks",
    contract: CONTRACT,
    create: (scope) => {
      const parts = trunk(scope, (scope.inputs as readonly number[])[0]);
      const width = parts[parts.length - 1].shape[0];
      const heads = scope.tasks.map((task) => [task, head(scope, task, width)] as const);
      const blocks = [...parts, ...heads.map(([, block]) => block)];
      return {
        parameters: blocks.flatMap(({ parameters }) => parameters),
        buffers: blocks.flatMap(({ buffers = [] }) => buffers),
        lastShared: parts[0].parameters.slice(0, 1).map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const h = parts.reduce((x, part) => part.forward(x, pass), inputs as Tensor);
          return Object.fromEntries(
            heads
              .filter(([task]) => pass.tasks.includes(task))
              .map(([task, block]) => [task, block.forward(h, pass)]),
          ) as Partial<Record<Name, Tensor>>;
        },
      };
    },
  };
}

const ofBlocks = <Name extends string>(): ArchitecturePlugin<Name> =>
  architecture(
    (scope, input) => [
      mlp(scope, { name: "base", tasks: scope.tasks, input, hidden: [5], activation: "tanh" }),
      batchNorm(scope, { name: "batch", tasks: scope.tasks, input: 5, momentum: 0.5 }),
      dropout({ input: 5, rate: 0.3 }),
      layerNorm(scope, { name: "layer", tasks: scope.tasks, input: 5 }),
    ],
    (scope, task, input) =>
      dense(scope, { name: `head/${task}`, tasks: [task], input, units: scope.task(task).units }),
  );

const ofLayers = <Name extends string>(): ArchitecturePlugin<Name> => {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 11 });
  return architecture(
    (scope, input) => {
      const trunk = tf.sequential({
        layers: [
          tf.layers.dense({ inputShape: [input], units: 5, activation: "tanh", kernelInitializer }),
          tf.layers.batchNormalization({ momentum: 0.5 }),
          tf.layers.dropout({ rate: 0.3 }),
          tf.layers.gaussianNoise({ stddev: 0.1 }),
        ],
      });
      return [fromLayers(scope, trunk, { name: "base", tasks: scope.tasks })];
    },
    (scope, task, input) => {
      const head = tf.layers.dense({ units: scope.task(task).units, kernelInitializer });
      return fromLayers(scope, head, { name: `head/${task}`, tasks: [task], inputShape: [input] });
    },
  );
};

const ofWords = <Name extends string>(): ArchitecturePlugin<Name> =>
  architecture(
    (scope, input) => {
      const table = embedding(scope, { name: "words", tasks: scope.tasks, rows: 7, dimension: 3 });
      const flat: Block<Name> = {
        ...table,
        shape: [3 * input],
        forward: (x, pass) => {
          // The suite draws numbers; here they become ids from 0 to 6.
          const ids = tf.floor(tf.mul(tf.sigmoid(x), 7));
          return tf.reshape(table.forward(ids, pass), [-1, 3 * input]);
        },
      };
      return [flat];
    },
    (scope, task, input) =>
      dense(scope, { name: `head/${task}`, tasks: [task], input, units: scope.task(task).units }),
  );

describe("an architecture of embedded words", () => {
  describeArchitecture(ofWords);
});

describe("an architecture of normalised and dropped-out blocks", () => {
  describeArchitecture(ofBlocks);
});

describe("an architecture of tf.layers models", () => {
  describeArchitecture(ofLayers);
});

describe.each([
  ["blocks", ofBlocks, "architecture/batch/movingMean", "architecture/base/0/kernel"],
  [
    "tf.layers models",
    ofLayers,
    "architecture/base/batch_normalization_1/moving_mean",
    "architecture/base/dense_1/kernel",
  ],
] as const)("three tasks with a surgery, on %s", (_, make, buffer, kernel) => {
  describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
    beforeAll(async () => {
      await useBackend(backend);
    });
    afterAll(async () => {
      await useBackend("cpu");
    });
    const inputs = Array.from({ length: 8 }, (_, i) => [Math.sin(i), Math.cos(2 * i), i / 8]);
    const labels = inputs.map(([a, b]) => a * b);
    const data = { inputs, labels: { a: labels, b: labels, c: labels } };
    const tasks = { a: regression(), b: regression(), c: regression() };
    const trainer = () => {
      const plugin = make<"a" | "b" | "c">();
      return createTrainer(tasks, {
        architecture: plugin,
        surgery: identity(),
        encoder: input([3]),
      });
    };

    it("moves statistics once a step, by what the batch of that step had", async () => {
      await expectNoLeak(async () => {
        await using made = await trainer();
        const before = (await made.state()).variables[kernel];
        await made.fit(data, { steps: 1, batchSize: 8 });
        // Hidden values of the starting kernel (its bias is 0); moving mean = 0.5·0 + 0.5·their mean.
        const { values } = (await made.state()).variables[buffer];
        values.forEach((value, unit) => {
          const hidden = inputs.map((row) =>
            Math.tanh(row.reduce((sum, x, i) => sum + x * before.values[5 * i + unit], 0)),
          );
          expect(value).toBeCloseTo((0.5 * hidden.reduce((a, b) => a + b, 0)) / 8, 6);
        });
      });
    });

    it("leaves statistics alone when it evaluates and predicts", async () => {
      await using made = await trainer();
      await made.fit(data, { steps: 2, batchSize: 4 });
      const before = (await made.state()).variables;
      await made.evaluate(data);
      const one = await made.predict(data.inputs);
      expect(await made.predict(data.inputs)).toEqual(one);
      expect((await made.state()).variables).toEqual(before);
    });
  });
});

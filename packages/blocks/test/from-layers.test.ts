import {
  batchNorm,
  type Block,
  dense,
  dropout,
  fromLayers,
  type FromLayersOptions,
} from "@polytask/blocks";
import { seededRandom } from "@polytask/core";
import { expectNoLeak, sampleTasks, testScope, type TestScope, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { LayersModel, LayerVariable, Sequential, Tensor } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { all, codeOf, expectClose, gradients, type Name, numbers, run } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const wrap = (
  model: LayersModel | tf.layers.Layer,
  options: Partial<FromLayersOptions<Name>> = {},
  scope: TestScope<Name> = testScope(sampleTasks),
) => ({ scope, model, block: fromLayers(scope, model, { name: "net", tasks: all, ...options }) });

const kernelInitializer = (seed: number) => tf.initializers.glorotUniform({ seed });

/** Dense, batch normalisation, dropout, dense. */
const small = (): Sequential =>
  tf.sequential({
    layers: [
      tf.layers.dense({
        inputShape: [4],
        units: 5,
        activation: "tanh",
        kernelInitializer: kernelInitializer(1),
      }),
      tf.layers.batchNormalization({ momentum: 0.75 }),
      tf.layers.dropout({ rate: 0.4 }),
      tf.layers.dense({ units: 2, kernelInitializer: kernelInitializer(2), name: "top" }),
    ],
  });

/** The same of Polytask's own blocks. */
function ownSmall(scope: TestScope<Name>): Block<Name> {
  const parts: Block<Name>[] = [
    dense(scope, { name: "0", tasks: all, input: 4, units: 5, activation: "tanh" }),
    batchNorm(scope, { name: "1", tasks: all, input: 5, momentum: 0.75 }),
    dropout({ input: 5, rate: 0.4 }),
    dense(scope, { name: "3", tasks: all, input: 5, units: 2 }),
  ];
  return {
    parameters: parts.flatMap(({ parameters }) => parameters),
    buffers: parts.flatMap(({ buffers = [] }) => buffers),
    shape: [2],
    forward: (x, pass) => parts.reduce((h, part) => part.forward(h, pass), x),
  };
}

const read = async (weights: readonly LayerVariable[]): Promise<number[][]> =>
  Promise.all(weights.map(async (weight) => [...(await weight.read().data())]));

describe("a model of dense layers, batch normalisation and dropout", () => {
  it("equals the same network of blocks: scores, gradients, statistics", async () => {
    await expectNoLeak(async () => {
      const { scope, block } = wrap(small());
      const own = ownSmall(scope);
      expect(block.parameters.map(({ variable }) => variable.shape)).toEqual(
        own.parameters.map(({ variable }) => variable.shape),
      );
      block.parameters.forEach(({ variable }, i) => {
        own.parameters[i].variable.assign(variable);
      });
      const x = tf.tensor2d(numbers(24), [6, 4]);
      const weights = numbers(12, 5);
      const noise = () => ({ noise: seededRandom(7)("noise") });

      const [theirs, ours] = [await run(block, x, noise()), await run(own, x, noise())];
      expectClose(theirs.y, ours.y);
      const [before, after] = [
        await gradients(own, x, weights, noise()),
        await gradients(block, x, weights, noise()),
      ];
      after.forEach((gradient, i) => {
        expectClose(gradient, before[i]);
      });
      expect(theirs.assigned.size).toBe(2);
      (block.buffers ?? []).forEach(({ variable }, i) => {
        expectClose(
          theirs.assigned.get(variable) ?? [],
          ours.assigned.get((own.buffers ?? [])[i].variable) ?? [],
        );
      });
      const use = await run(block, x, { training: false });
      expect(use.assigned.size).toBe(0);
      expectClose(use.y, (await run(own, x, { training: false })).y);
      x.dispose();
      scope.dispose();
    });
  });

  it("moves nothing by itself, and gives one mask to all evaluations of a step", async () => {
    await expectNoLeak(async () => {
      const model = small();
      const { scope, block } = wrap(model);
      const before = await read(model.weights);
      const x = tf.tensor2d(numbers(24), [6, 4]);
      const calls: string[] = [];
      const step = testStep<Name>({ onCall: (call) => calls.push(call) });
      const [one, two] = tf.tidy(() => [1, 2].map(() => block.forward(x, step.pass(all))));
      const other = await run(block, x, { noise: seededRandom(1)("noise") });
      expect(calls).toEqual(["noise", "assign", "assign", "noise", "assign", "assign"]);
      expect([...(await one.data())]).toEqual([...(await two.data())]);
      expect([...(await one.data())]).not.toEqual(other.y);
      expect(await read(model.weights)).toEqual(before);
      tf.dispose([one, two, x]);
      scope.dispose();
    });
  });

  it("leaves the model as it was between passes, also after an error in one", async () => {
    const model = small();
    const { scope, block } = wrap(model);
    const parts: object[] = [...model.layers, ...model.weights];
    const before = parts.map((part) => Object.getOwnPropertyNames(part).sort());
    const [x, wrong] = [tf.tensor2d(numbers(8), [2, 4]), tf.zeros([2, 3])];
    await run(block, x);
    await expectNoLeak(() => {
      expect(() => tf.tidy(() => block.forward(wrong, testStep<Name>().pass(all)))).toThrow(
        "expected axis -1",
      );
    });
    expect(parts.map((part) => Object.getOwnPropertyNames(part).sort())).toEqual(before);
    const predicted = model.predict(x) as Tensor;
    expect([...(await predicted.data())]).toEqual((await run(block, x, { training: false })).y);
    tf.dispose([x, wrong, predicted]);
    scope.dispose();
  });

  it("has the same names every time it is made", () => {
    const names = (): readonly [string, readonly string[]][] => {
      const { scope, block } = wrap(small());
      scope.dispose();
      return [
        ...block.parameters.map(({ name, tasks }) => [name, tasks] as [string, string[]]),
        ...(block.buffers ?? []).map(({ name }) => [name, []] as [string, string[]]),
      ];
    };
    const expected = [
      ["net/dense_1/kernel", all],
      ["net/dense_1/bias", all],
      ["net/batch_normalization_1/gamma", all],
      ["net/batch_normalization_1/beta", all],
      ["net/top/kernel", all],
      ["net/top/bias", all],
      ["net/batch_normalization_1/moving_mean", []],
      ["net/batch_normalization_1/moving_variance", []],
    ];
    expect(names()).toEqual(expected);
    expect(names()).toEqual(expected);
  });
});

describe("state", () => {
  it("a layer used twice in a pass assigns once, what tf.layers would have left", async () => {
    await expectNoLeak(async () => {
      const build = (): LayersModel => {
        const input = tf.input({ shape: [3] });
        const norm = tf.layers.batchNormalization({ momentum: 0.5 });
        const first = norm.apply(input) as tf.SymbolicTensor;
        const doubled = tf.layers
          .dense({ units: 3, kernelInitializer: kernelInitializer(3) })
          .apply(first) as tf.SymbolicTensor;
        return tf.model({ inputs: input, outputs: norm.apply(doubled) as tf.SymbolicTensor });
      };
      const reference = build();
      const x = tf.tensor2d(numbers(12), [4, 3]);
      tf.dispose(reference.apply(x, { training: true }) as Tensor);
      const { scope, block } = wrap(build());
      const { assigned } = await run(block, x);
      expect(assigned.size).toBe(2);
      expect([...assigned.values()]).toEqual(await read(reference.nonTrainableWeights));
      // tf.layers' own dispose keeps the weights of a layer that was used twice.
      for (const weight of reference.weights) weight.dispose();
      x.dispose();
      scope.dispose();
    });
  });

  it("weights that are frozen are buffers; tables are rows", () => {
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 9, outputDim: 2, inputShape: [3] }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, trainable: false }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    const { scope, block } = wrap(model, { role: "tower" });
    expect(block.parameters.map(({ name, layout, role }) => [name, layout, role])).toEqual([
      ["net/embedding_1/embeddings", "rows", "tower/embedding_1/embeddings"],
      ["net/dense_2/kernel", undefined, "tower/dense_2/kernel"],
      ["net/dense_2/bias", undefined, "tower/dense_2/bias"],
    ]);
    expect(block.buffers?.map(({ name }) => name)).toEqual([
      "net/dense_1/kernel",
      "net/dense_1/bias",
    ]);
    scope.dispose();
  });
});

const uniform = (values: readonly number[]) => {
  let next = 0;
  return { noise: { uniform: () => values[next++], normal: () => values[next++] } as never };
};

describe("noise", () => {
  const shaped = (layer: tf.layers.Layer, shape: number[]): Sequential => {
    const model = tf.sequential();
    model.add(tf.layers.inputLayer({ inputShape: shape }));
    model.add(layer);
    return model;
  };
  const alpha = -1.6732632423543772 * 1.0507009873554805;

  it.each<
    [string, tf.layers.Layer, number[], number[], (x: number, noise: number[], i: number) => number]
  >([
    [
      "dropout",
      tf.layers.dropout({ rate: 0.25 }),
      [4],
      [0.2, 0.3, 0.25, 0.9, 0, 1, 0.1, 0.5],
      (x, u, i) => (u[i] >= 0.25 ? x / 0.75 : 0),
    ],
    [
      "dropout with a noise shape",
      tf.layers.dropout({ rate: 0.5, noiseShape: [2, 1] }),
      [4],
      [0.2, 0.6],
      (x, u, i) => (u[Math.floor(i / 4)] >= 0.5 ? 2 * x : 0),
    ],
    [
      "spatialDropout1d",
      tf.layers.spatialDropout1d({ rate: 0.5 }),
      [2, 2],
      [0.2, 0.6, 0.7, 0.1],
      (x, u, i) => (u[2 * Math.floor(i / 4) + (i % 2)] >= 0.5 ? 2 * x : 0),
    ],
    [
      "gaussianNoise",
      tf.layers.gaussianNoise({ stddev: 0.3 }),
      [4],
      numbers(8, 9),
      (x, n, i) => x + 0.3 * n[i],
    ],
    [
      "gaussianDropout",
      tf.layers.gaussianDropout({ rate: 0.2 }),
      [4],
      numbers(8, 9),
      (x, n, i) => x * (1 + 0.5 * n[i]),
    ],
    [
      "alphaDropout",
      tf.layers.alphaDropout({ rate: 0.2 }),
      [4],
      [0.2, 0.1, 0.25, 0.9, 0, 1, 0.15, 0.5],
      // Klambauer et al. 2017, section 3: a·(x·d + α′(1 − d)) + b with a = ((1 − p)(1 + p·α′²))^(−1/2), b = −a·p·α′.
      (x, u, i) => {
        const a = (0.8 * (1 + 0.2 * alpha ** 2)) ** -0.5;
        return a * (u[i] >= 0.2 ? x : alpha) - a * 0.2 * alpha;
      },
    ],
  ])("%s draws from the pass, in training alone", async (_, layer, shape, noise, formula) => {
    await expectNoLeak(async () => {
      const { scope, block } = wrap(shaped(layer, shape));
      const x = tf.tensor(numbers(8), [2, ...shape]);
      const list = [...(await x.data())];
      expectClose(
        (await run(block, x, uniform(noise))).y,
        list.map((value, i) => formula(value, noise, i)),
      );
      const calls: string[] = [];
      const use = await run(block, x, { training: false, onCall: (call) => calls.push(call) });
      expect(use.y).toEqual(list);
      expect(calls).toEqual([]);
      x.dispose();
      scope.dispose();
    });
  });

  const quarter = tf.initializers.constant({ value: 0.25 });
  const dropping = { units: 3, dropout: 0.4, recurrentDropout: 0.4, kernelInitializer: quarter };
  it.each<[string, () => tf.layers.Layer, number[]]>([
    ["simpleRNN", () => tf.layers.simpleRNN(dropping), [5, 2]],
    ["gru", () => tf.layers.gru(dropping), [5, 2]],
    ["lstm", () => tf.layers.lstm(dropping), [5, 2]],
    [
      "convLstm2d",
      () =>
        tf.layers.convLstm2d({
          filters: 2,
          kernelSize: 2,
          dropout: 0.4,
          recurrentDropout: 0.4,
          kernelInitializer: quarter,
        }),
      [2, 3, 3, 1],
    ],
    [
      "rnn of cells",
      () =>
        tf.layers.rnn({
          cell: [tf.layers.lstmCell(dropping), tf.layers.gruCell(dropping)] as never,
        }),
      [4, 2],
    ],
    [
      "bidirectional",
      () => tf.layers.bidirectional({ layer: tf.layers.lstm(dropping), mergeMode: "concat" }),
      [4, 2],
    ],
    [
      "timeDistributed dropout",
      () => tf.layers.timeDistributed({ layer: tf.layers.dropout({ rate: 0.5 }) }),
      [4, 3],
    ],
  ])("%s draws from the pass, one mask in a step, another in the next", async (_, layer, shape) => {
    await expectNoLeak(async () => {
      const { scope, block } = wrap(shaped(layer(), shape));
      const x = tf.ones([2, ...shape]);
      const noise = seededRandom(3)("noise");
      const drawn = { noise: 0 };
      const step = () =>
        testStep<Name>({ noise, onCall: (call) => (drawn.noise += call === "noise" ? 1 : 0) });
      const evaluate = async (of: ReturnType<typeof step>): Promise<number[]> => {
        const y = tf.tidy(() => block.forward(x, of.pass(all)));
        const list = [...(await y.data())];
        y.dispose();
        return list;
      };
      const first = step();
      const one = await evaluate(first);
      expect(drawn.noise).toBeGreaterThan(0);
      expect(await evaluate(first)).toEqual(one);
      expect(await evaluate(step())).not.toEqual(one);
      // After training nothing of a mask is left.
      const use = await run(block, x, { training: false });
      expect((await run(block, x, { training: false })).y).toEqual(use.y);
      expect(use.y).not.toEqual(one);
      x.dispose();
      scope.dispose();
    });
  });

  it("recurrent dropout is dropout of inputs and states with one mask for all times", async () => {
    // h_t = m_x ∘ x_t · 1 + m_h ∘ h_{t−1} · 1, linear, one unit: with m_x = 2 and m_h = (2 or 0) by the noise.
    const layer = (): tf.layers.Layer =>
      tf.layers.simpleRNN({
        units: 1,
        activation: "linear",
        dropout: 0.5,
        recurrentDropout: 0.5,
        kernelInitializer: "ones",
        recurrentInitializer: "ones",
      });
    const x = tf.tensor3d([1, 10, 100, 1, 10, 100], [2, 3, 1]);
    const { scope, block } = wrap(shaped(layer(), [3, 1]));
    // Inputs: example 0 kept, 1 dropped. States: both kept.
    expect((await run(block, x, uniform([0.9, 0.1, 0.8, 0.7]))).y).toEqual([
      2 * 100 + 2 * (2 * 10 + 2 * 2 * 1),
      0,
    ]);
    // States of both dropped.
    expect((await run(block, x, uniform([0.9, 0.9, 0.1, 0.2]))).y).toEqual([200, 200]);
    x.dispose();
    scope.dispose();
  });

  it("a mask that the model kept from earlier use does not enter", async () => {
    const cell = tf.layers.lstmCell({ units: 2, dropout: 0.5 });
    const model = shaped(tf.layers.rnn({ cell }), [3, 2]);
    const x = tf.ones([2, 3, 2]);
    tf.dispose(model.apply(x, { training: true }) as Tensor);
    const { scope, block } = wrap(model);
    const { y } = await run(block, x, { training: false });
    const kept = (
      await run(
        block,
        x,
        uniform([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]),
      )
    ).y;
    expect(kept).not.toEqual(y);
    x.dispose();
    scope.dispose();
  });
});

describe("what it takes", () => {
  it("one layer, with the shape of its input", async () => {
    await expectNoLeak(async () => {
      const { scope, block } = wrap(tf.layers.dense({ units: 3 }), { inputShape: [2] });
      expect(block.shape).toEqual([3]);
      expect(block.parameters.map(({ name }) => name)).toEqual([
        "net/dense_1/kernel",
        "net/dense_1/bias",
      ]);
      const x = tf.ones([4, 2]);
      expect((await run(block, x)).y).toHaveLength(12);
      x.dispose();
      scope.dispose();
    });
    expect(codeOf(() => wrap(tf.layers.dense({ units: 3 })))).toContain(
      '"inputShape" must be given',
    );
  });

  it("several inputs, as a list", async () => {
    const [a, b] = [tf.input({ shape: [2] }), tf.input({ shape: [2] })];
    const { scope, block } = wrap(
      tf.model({
        inputs: [a, b],
        outputs: tf.layers.concatenate().apply([a, b]) as tf.SymbolicTensor,
      }),
    );
    const y = tf.tidy(() =>
      block.forward([tf.ones([1, 2]), tf.zeros([1, 2])], testStep<Name>().pass(all)),
    );
    expect([...(await y.data())]).toEqual([1, 1, 0, 0]);
    y.dispose();
    scope.dispose();
  });

  const one =
    (layer: tf.layers.Layer, shape: number[] = [3, 2]): (() => LayersModel) =>
    () => {
      const model = tf.sequential();
      model.add(tf.layers.inputLayer({ batchInputShape: [2, ...shape] }));
      model.add(layer);
      return model;
    };
  class Custom extends tf.layers.Layer {
    static readonly className = "Custom";
    override computeOutputShape(shape: number[]): number[] {
      return shape;
    }
  }

  it.each<[string, () => LayersModel | tf.layers.Layer, string]>([
    ["a random layer", () => tf.layers.randomWidth({ factor: 0.2 }), "is not one that is known"],
    ["an unknown layer", one(new Custom({})), 'pure: ["Custom"]'],
    [
      "a weight regularizer",
      one(tf.layers.dense({ units: 2, kernelRegularizer: "l1l2" })),
      "weight regularizer",
    ],
    [
      "a regularizer inside a cell",
      one(tf.layers.rnn({ cell: tf.layers.gruCell({ units: 2, kernelRegularizer: "l1l2" }) })),
      "weight regularizer",
    ],
    [
      "a weight constraint",
      one(tf.layers.dense({ units: 2, kernelConstraint: "unitNorm" })),
      "weight constraint",
    ],
    [
      "batch normalisation without scale",
      one(tf.layers.batchNormalization({ scale: false })),
      "scale and center",
    ],
  ])("not %s, and leaves nothing behind", async (_, make, words) => {
    await expectNoLeak(() => {
      const scope = testScope(sampleTasks);
      const message = codeOf(() => wrap(make(), {}, scope));
      expect(message).toContain("POLYTASK_OPTION");
      expect(message).toContain(words);
      scope.dispose();
    });
  });

  it("not a stateful layer, nor one inside another", () => {
    const lstm = tf.layers.lstm({ units: 2, stateful: true });
    const gru = tf.layers.gru({ units: 2, stateful: true }) as never;
    for (const layer of [lstm, tf.layers.bidirectional({ layer: gru, mergeMode: "sum" })]) {
      const scope = testScope(sampleTasks);
      expect(codeOf(() => wrap(one(layer)(), {}, scope))).toContain("is stateful");
      scope.dispose();
    }
  });

  it("layers that the user vouches for", async () => {
    const { scope, block } = wrap(one(new Custom({}))(), { pure: ["Custom"] });
    const x = tf.ones([2, 3, 2]);
    expect((await run(block, x)).y).toEqual(Array.from({ length: 12 }, () => 1));
    x.dispose();
    scope.dispose();
  });

  it("no model twice, and no model of several outputs or of unknown sizes", () => {
    const model = small();
    const first = wrap(model);
    const second = testScope(sampleTasks);
    expect(codeOf(() => wrap(model, {}, second))).toContain("a model of its own");
    second.dispose();
    // The refused block must not have freed the first one's weights.
    expect(model.weights.every((weight) => !(weight.read() as tf.Variable).isDisposed)).toBe(true);
    first.scope.dispose();

    const input = tf.input({ shape: [2] });
    expect(codeOf(() => wrap(tf.model({ inputs: input, outputs: [input, input] })))).toContain(
      "one output",
    );
    const open = tf.input({ shape: [null, 2] });
    const reversed = tf.layers.activation({ activation: "relu" }).apply(open) as tf.SymbolicTensor;
    expect(codeOf(() => wrap(tf.model({ inputs: open, outputs: reversed })))).toContain(
      "fixed sizes",
    );
  });

  it("knows every layer of tf.layers: carries it, or refuses it for a reason", () => {
    const refused = new Set(["RandomWidth"]);
    const square = { kernelSize: 2, filters: 2 };
    const cell = tf.layers.lstmCell({ units: 2 });
    const args: Readonly<Record<string, object>> = {
      conv1d: square,
      conv2d: square,
      conv2dTranspose: square,
      conv3d: square,
      conv3dTranspose: square,
      separableConv2d: square,
      depthwiseConv2d: square,
      convLstm2d: square,
      convLstm2dCell: square,
      cropping2D: { cropping: 1 },
      dense: { units: 2 },
      dropout: { rate: 0.1 },
      spatialDropout1d: { rate: 0.1 },
      repeatVector: { n: 2 },
      reshape: { targetShape: [2] },
      permute: { dims: [2, 1] },
      embedding: { inputDim: 2, outputDim: 2 },
      activation: { activation: "relu" },
      dot: { axes: 1 },
      gru: { units: 2 },
      gruCell: { units: 2 },
      lstm: { units: 2 },
      lstmCell: { units: 2 },
      simpleRNN: { units: 2 },
      simpleRNNCell: { units: 2 },
      rnn: { cell },
      stackedRNNCells: { cells: [cell] },
      bidirectional: { layer: tf.layers.lstm({ units: 2 }), mergeMode: "sum" },
      timeDistributed: { layer: tf.layers.flatten() },
      gaussianNoise: { stddev: 1 },
      gaussianDropout: { rate: 0.1 },
      alphaDropout: { rate: 0.1 },
      inputLayer: { inputShape: [2] },
      rescaling: { scale: 1 },
      centerCrop: { height: 1, width: 1 },
      resizing: { height: 1, width: 1 },
      categoryEncoding: { numTokens: 2, outputMode: "count" },
      randomWidth: { factor: 0.1 },
      upSampling2d: { size: [2, 2] },
    };
    const factories = tf.layers as unknown as Readonly<Record<string, unknown>>;
    const names = Object.keys(factories).filter((name) => /^[a-z]/.test(name) && name !== "input");
    expect(names.length).toBeGreaterThan(60);
    for (const name of names) {
      const layer = (factories[name] as (args: object) => tf.layers.Layer)(args[name] ?? {});
      // A layer that is known is asked for its input's shape; one that is not is refused before.
      const message = codeOf(() => wrap(layer));
      const known = !message.includes("is not one that is known");
      expect([name, known]).toEqual([name, !refused.has(layer.getClassName())]);
    }
  });

  it("frees its weights with the trainer", async () => {
    await expectNoLeak(() => {
      const { scope } = wrap(small());
      scope.dispose();
    });
  });
});

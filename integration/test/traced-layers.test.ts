import { useBackend } from "@polytask/backend";
import { fromLayers, type LayersBlock } from "@polytask/blocks";
import { binary, type Pass, type Scope, seededRandom } from "@polytask/core";
import { detach, drawNoise, gradientsOf, onTape } from "@polytask/core/engine";
import { Graph, type Node, trace } from "@polytask/graph";
import { testScope } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import type { LayersModel, Tensor, Variable } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluate } from "../../packages/graph/test/evaluate.ts";

const { layers } = tf;

/** tf.layers models and the shape of a batch for them; whole numbers below `words` where the input is indices. */
interface Subject {
  readonly model: () => LayersModel;
  readonly shape: readonly number[];
  readonly words?: number;
}

const sequential = (...list: readonly tf.layers.Layer[]): LayersModel =>
  tf.sequential({ layers: [...list] });
let seed = 0;
const drawn = (): ReturnType<typeof tf.initializers.glorotUniform> =>
  tf.initializers.glorotUniform({ seed: ++seed });
const kernels = (): { kernelInitializer: ReturnType<typeof drawn> } => ({
  kernelInitializer: drawn(),
});
const recurrent = (): object => ({ ...kernels(), recurrentInitializer: drawn() });

const subjects: Readonly<Record<string, Subject>> = {
  dense: {
    shape: [5, 4],
    model: () =>
      sequential(
        layers.dense({ units: 6, activation: "relu", inputShape: [4], ...kernels() }),
        layers.dense({ units: 3, activation: "softmax", ...kernels() }),
      ),
  },
  "activations of all kinds": {
    shape: [5, 4],
    model: () =>
      sequential(
        layers.dense({ units: 6, activation: "selu", inputShape: [4], ...kernels() }),
        layers.elu({}),
        layers.dense({ units: 6, activation: "hardSigmoid", ...kernels() }),
        layers.leakyReLU({ alpha: 0.2 }),
        layers.dense({ units: 6, activation: "softsign", ...kernels() }),
        layers.prelu(),
        layers.dense({ units: 6, activation: "swish", ...kernels() }),
        layers.thresholdedReLU({ theta: 0.05 }),
        layers.dense({ units: 2, activation: "softplus", ...kernels() }),
      ),
  },
  "normalisation and noise": {
    shape: [6, 4],
    model: () =>
      sequential(
        layers.dense({ units: 5, activation: "tanh", inputShape: [4], ...kernels() }),
        layers.batchNormalization({ momentum: 0.75 }),
        layers.dropout({ rate: 0.4 }),
        layers.layerNormalization(),
        layers.gaussianNoise({ stddev: 0.1 }),
        layers.dense({ units: 2, ...kernels() }),
      ),
  },
  images: {
    shape: [2, 8, 7, 2],
    model: () =>
      sequential(
        layers.conv2d({
          filters: 3,
          kernelSize: 3,
          inputShape: [8, 7, 2],
          activation: "relu",
          ...kernels(),
        }),
        layers.batchNormalization(),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.separableConv2d({
          filters: 4,
          kernelSize: 2,
          padding: "same",
          depthwiseInitializer: drawn(),
          pointwiseInitializer: drawn(),
        }),
        layers.averagePooling2d({ poolSize: 2, strides: 1, padding: "same" }),
        layers.upSampling2d({ size: [2, 2] }),
        layers.depthwiseConv2d({ kernelSize: 3, strides: 2, depthwiseInitializer: drawn() }),
        layers.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2, ...kernels() }),
        layers.zeroPadding2d(),
        layers.flatten(),
        layers.dense({ units: 2, ...kernels() }),
      ),
  },
  sequences: {
    shape: [2, 9, 3],
    model: () =>
      sequential(
        layers.conv1d({
          filters: 4,
          kernelSize: 3,
          dilationRate: 2,
          inputShape: [9, 3],
          ...kernels(),
        }),
        layers.maxPooling1d({ poolSize: 2 }),
        layers.timeDistributed({ layer: layers.dense({ units: 3, ...kernels() }) }),
        layers.globalAveragePooling1d({}),
        layers.dense({ units: 1, ...kernels() }),
      ),
  },
  "an LSTM that reads both ways": {
    shape: [3, 4, 2],
    model: () =>
      sequential(
        layers.bidirectional({
          layer: layers.lstm({ units: 3, returnSequences: true, ...recurrent() }),
          mergeMode: "concat",
          inputShape: [4, 2],
        }),
        layers.lstm({ units: 2, dropout: 0.3, recurrentDropout: 0.2, ...recurrent() }),
        layers.dense({ units: 1, ...kernels() }),
      ),
  },
  "a GRU over embeddings": {
    shape: [3, 4],
    words: 7,
    model: () =>
      sequential(
        layers.embedding({
          inputDim: 7,
          outputDim: 3,
          inputLength: 4,
          embeddingsInitializer: drawn(),
        }),
        layers.gru({ units: 3, returnSequences: true, ...recurrent() }),
        layers.simpleRNN({ units: 2, ...recurrent() }),
        layers.dense({ units: 1, ...kernels() }),
      ),
  },
  "branches that meet again": {
    shape: [4, 6],
    model: () => {
      const input = tf.input({ shape: [6] });
      const left = layers.dense({ units: 3, ...kernels() }).apply(input) as tf.SymbolicTensor;
      const right = layers.dense({ units: 3, ...kernels() }).apply(input) as tf.SymbolicTensor;
      const joined = [
        layers.add().apply([left, right]),
        layers.multiply().apply([left, right]),
        layers.maximum().apply([left, right]),
        layers.average().apply([left, right]),
      ] as tf.SymbolicTensor[];
      const all = layers.concatenate().apply(joined) as tf.SymbolicTensor;
      const output = layers.dense({ units: 2, ...kernels() }).apply(all) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: output });
    },
  },
};

type Name = "a";

/** What one training pass gives: the output, the gradients of its weighted sum, and what was assigned. */
type Results = readonly Tensor[];

function passThrough(
  block: LayersBlock<Name>,
  x: Tensor,
  pass: Pass<Name>,
  assigned: ReadonlyMap<Variable, Tensor>,
): Results {
  const y = block.forward(x, pass);
  const weights = tf.reshape(tf.add(tf.sin(tf.mul(tf.range(0, y.size), 2.3)), 1.2), y.shape);
  const variables = block.parameters.map(({ variable }) => variable);
  const gradients = gradientsOf(tf.sum(tf.mul(y, weights)), variables);
  return [y, ...gradients.map((gradient) => gradient as Tensor), ...assigned.values()];
}

type Noise = Pass<Name>["noise"];

function passOf(noise: Noise): { pass: Pass<Name>; assigned: Map<Variable, Tensor> } {
  const assigned = new Map<Variable, Tensor>();
  const pass: Pass<Name> = {
    tasks: ["a"],
    training: true,
    noise,
    host: () => {
      throw new Error("no layer reads the host");
    },
    detach,
    expose: (_, value) => value,
    assign: (variable, value) => assigned.set(variable, value),
  };
  return { pass, assigned };
}

/** The same numbers, in the same order, for every pass. */
function draws(): (shape: readonly number[], law?: "uniform" | "normal") => Float32Array {
  const random = seededRandom(5)("noise");
  return (shape, law = "uniform") =>
    drawNoise(
      random,
      shape.reduce((a, b) => a * b, 1),
      law,
    );
}

beforeAll(async () => {
  // With the kernels repaired that are wrong there: average pools, resizing.
  await useBackend("cpu");
});

describe("a tf.layers model traced is the model itself, forward and backward", () => {
  it.each(Object.entries(subjects))("%s", async (_, { model, shape, words }) => {
    const before = tf.memory().numTensors;
    const scope = testScope({ a: binary() });
    const block = fromLayers(scope as Scope<Name>, model(), { name: "net", tasks: ["a"] });
    const size = shape.reduce((a, b) => a * b, 1);
    const numbers = Array.from({ length: size }, (__, i) => 1.3 * Math.sin(i * 3.7 + 1));
    const values =
      words === undefined
        ? Float32Array.from(numbers)
        : Int32Array.from(numbers, (__, i) => (i * i) % words);
    const dtype = words === undefined ? "float32" : "int32";

    const x = tf.tensor(values, [...shape], dtype);
    const drawEager = draws();
    const eager = onTape((collect) => {
      const { pass, assigned } = passOf((of, law) => tf.tensor(drawEager(of, law), [...of]));
      return passThrough(block, x, pass, assigned).map((result) => collect(tf.clone(result)));
    });

    const memories = new Map<string, Float32Array | Int32Array>([["x", values]]);
    for (const { name, variable } of [...block.parameters, ...(block.buffers ?? [])]) {
      memories.set(name, await variable.data<"float32">());
    }
    const drawTraced = draws();
    const graph = new Graph();
    const nodes: readonly Node[] = trace((tracer) => {
      for (const { name, variable } of [...block.parameters, ...(block.buffers ?? [])]) {
        tracer.bind(variable, graph.view(name, 0, variable.shape));
      }
      const noise: Noise = (of, law) => {
        const space = `noise/${memories.size}`;
        memories.set(space, drawTraced(of, law));
        return tracer.tensor(graph.view(space, 0, of));
      };
      return onTape(() => {
        const { pass, assigned } = passOf(noise);
        const input = tracer.tensor(graph.view("x", 0, shape, dtype));
        return passThrough(block, input, pass, assigned).map((result) => tracer.nodeOf(result));
      });
    }, graph);

    const found = await evaluate(nodes, (space) => memories.get(space) as Float32Array);
    expect(found.length).toBe(eager.length);
    for (const [i, result] of eager.entries()) {
      expect(nodes[i].shape).toEqual(result.shape);
      const expected = await result.data<"float32">();
      expected.forEach((value, j) => {
        expect(Math.abs(found[i][j] - value)).toBeLessThan(3e-6 * Math.max(1, Math.abs(value)));
      });
    }
    tf.dispose([x, ...eager]);
    scope.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

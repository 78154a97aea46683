// Two tasks of different kinds, MMoE and PCGrad, a few steps: both losses must fall. With the argument "compiled", in
// ONNX Runtime.
import { mmoe } from "@polytask/arch-mmoe";
import { binary, createTrainer, input, regression, sgd } from "@polytask/core";
import { pcgrad } from "@polytask/surgery-pcgrad";
import * as tf from "@tensorflow/tfjs";

await tf.setBackend("cpu");
const rows = 64;
const inputs = Array.from({ length: rows }, (_, row) => [Math.sin(row), Math.cos(2 * row), 1]);
const value = inputs.map(([a, b]) => a - b / 2);
const clicked = inputs.map(([a, b]) => (a + b > 0 ? 1 : 0));
// A third of the labels is missing.
const data = {
  inputs,
  labels: { clicked: clicked.map((label, row) => (row % 3 === 0 ? null : label)), value },
};

const compiled =
  process.argv[2] === "compiled" ? (await import("@polytask/engine-onnx")).onnx : undefined;
const before = tf.memory().numTensors;
const trainer = await createTrainer(
  { clicked: binary(), value: regression() },
  {
    encoder: input([3]),
    architecture: mmoe({ experts: 3, hidden: [8], towers: { value: [4] } }),
    surgery: pcgrad(),
    optimizer: sgd({ learningRate: 0.1 }),
    ...(compiled && { engine: compiled() }),
  },
  { seed: 1 },
);
const first = await trainer.evaluate(data);
await trainer.fit(data, { epochs: 10, batchSize: 16 });
const last = await trainer.evaluate(data);
const predicted = await trainer.predict(inputs);
await trainer.dispose();

console.log("losses before and after:", first.losses, last.losses);
if (!(last.losses.clicked < first.losses.clicked && last.losses.value < first.losses.value))
  throw new Error("the losses did not fall");
if (predicted.value.length !== rows || !predicted.clicked.every((p) => p > 0 && p < 1))
  throw new Error("the predictions are not one number per row");
if (tf.memory().numTensors !== before) throw new Error("tensors leaked");

/** What the tests of every exporter export. */
import { mmoe } from "@polytask/arch-mmoe";
import { ple } from "@polytask/arch-ple";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  type ArchitecturePlugin,
  binary,
  type Columns,
  CONTRACT,
  createTrainer,
  multiclass,
  type Pass,
  regression,
  type Task,
  type Trainer,
} from "@polytask/core";
import { features } from "@polytask/features";
import { adam } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";

export type Names = "click" | "price" | "kind";
const tasks = {
  click: binary(),
  price: regression({ mean: 100, deviation: 5 }),
  kind: multiclass(3),
};

const EXAMPLES = 64;
export const counted = <Value>(value: (i: number) => Value): Value[] =>
  Array.from({ length: EXAMPLES }, (_, i) => value(i));
/** Numbers and words, some missing, some unknown to training. */
export const columns = {
  age: counted((i) => (i % 5 === 0 ? null : 20 + ((i * 7) % 40))),
  income: counted((i) => Math.sin(i) * 3),
  city: counted((i) => ["Oslo", "Rome", "Lima", null][i % 4]),
  device: counted((i) => (i * i) % 11),
};
const labels = {
  click: counted((i) => i % 2),
  price: counted((i) => 95 + (i % 11)),
  kind: counted((i) => i % 3),
};

export const architectures: Readonly<Record<string, () => ArchitecturePlugin<Names>>> = {
  mmoe: () => mmoe({ experts: 3, hidden: [8, 4], towers: [4] }),
  ple: () => ple({ levels: 2, sharedExperts: 2, taskExperts: 1, hidden: [6] }),
  sharedBottom: () => sharedBottom({ hidden: [8, 4], towers: [4] }),
};

export const slice = (from: Columns, rows: number): Columns =>
  Object.fromEntries(
    Object.entries(from).map(([name, values]) => [
      name,
      (values as readonly unknown[]).slice(0, rows),
    ]),
  );

/** A trainer of numbers and words that has run a few steps. */
export async function trained(architecture: ArchitecturePlugin<Names>): Promise<Trainer<Names>> {
  const encoder = await features({
    numeric: ["age", "income"],
    categorical: { city: {}, device: { dimension: 3 } },
  }).fit(slice(columns, 48));
  const trainer = await createTrainer(
    tasks,
    { encoder, architecture, optimizer: adam({ learningRate: 0.05 }) },
    { seed: 5 },
  );
  await trainer.fit({ inputs: columns, labels }, { steps: 10, batchSize: 16 });
  return trainer;
}

/** What an export of it takes and gives. */
export const exportedAs = {
  inputs: [
    { name: "age", type: "float32", shape: ["batch", 2] },
    { name: "income", type: "float32", shape: ["batch", 1] },
    { name: "city", type: "int32", shape: ["batch"] },
    { name: "device", type: "int32", shape: ["batch"] },
  ],
  outputs: [
    { name: "click", type: "float32", shape: ["batch", 1] },
    { name: "price", type: "float32", shape: ["batch", 1] },
    { name: "kind", type: "float32", shape: ["batch", 3] },
  ],
};

export type Two = "a" | "b";
export const two: Readonly<Record<Two, Task>> = { a: regression(), b: binary() };
/** Waves of two columns. */
export const waves = { x: counted((i) => [Math.sin(i), Math.cos(2 * i)]) };
const one = (x: Tensor): Tensor => tf.sum(x, 1, true);

export type Score = (x: Tensor2D, weight: Tensor2D, pass: Pass<Two>) => Tensor;

/** Ways in which the batch's size may go into a forward pass. */
export const lengths: readonly (readonly [string, Score])[] = [
  [
    "goes into a reshape",
    (x, w) => tf.reshape(tf.matMul(tf.reshape(x, [-1, 2]), w), [-1, 1, 2]).sum(2),
  ],
  ["is doubled", (x) => one(tf.reshape(tf.exp(tf.reshape(x, [-1, 1])), [-1, 2]))],
  [
    "stands twice in a shape",
    (x) =>
      one(tf.reshape(tf.mul(tf.expandDims(x, 2), tf.ones([x.shape[0], 2, 3])), [x.shape[0], 6])),
  ],
  [
    "is that of a tensor of zeros",
    (x) => one(tf.concat([x, tf.zeros([x.shape[0], 3]), tf.ones([x.shape[0], 1])], 1)),
  ],
  [
    "is tiled to",
    (x, w) =>
      one(tf.mul(x, tf.tile(tf.reshape(tf.slice(w, [1, 0], [1, 2]), [1, 2]), [x.shape[0], 1]))),
  ],
  [
    "bounds a slice",
    (x) =>
      one(
        tf.slice(
          tf.pad(x, [
            [1, 1],
            [0, 1],
          ]),
          [1, 0],
          [x.shape[0], 3],
        ),
      ),
  ],
  [
    "shifts a slice",
    (x) => one(tf.slice(tf.concat([tf.neg(x), x], 0), [x.shape[0], 0], [x.shape[0], 2])),
  ],
  ["is gathered", (x, w) => one(tf.gather(w, tf.cast(tf.argMax(x, 1), "int32")))],
  ["is a choice", (x) => one(tf.where(tf.greater(x, 0.2), x, tf.fill(x.shape, 7)))],
  [
    "is one of many axes",
    (x, w) =>
      tf
        .sum(
          tf.matMul(
            tf.tile(tf.expandDims(x, 1), [1, 4, 1]),
            tf.tile(tf.expandDims(w, 0), [x.shape[0], 1, 1]),
          ),
          [1, 2],
        )
        .expandDims(1),
  ],
  [
    "is convolved",
    (x, w) =>
      one(
        tf.reshape(
          tf.conv1d(
            tf.expandDims<tf.Tensor3D>(x, 2),
            tf.reshape<tf.Rank.R3>(w, [2, 1, 2]),
            1,
            "same",
          ),
          [x.shape[0], 4],
        ),
      ),
  ],
  ["is normalised", (x) => one(tf.mul(tf.softmax(x), tf.sub(x, tf.mean(x, 1, true))))],
  ["is unstacked", (x) => tf.expandDims(tf.addN(tf.unstack(x, 1)), 1)],
];

/** Ways in which it may not, and what is found. */
export const numbers: readonly (readonly [string, Score, RegExp])[] = [
  [
    "a mean over examples",
    (x) => one(tf.sub(x, tf.mean(x, 0, true))),
    /"value" of Constant is 0\.0\d+, 0\.0\d+/,
  ],
  ["a product with the size", (x) => one(tf.mul(x, x.shape[0])), /"value" of Constant/],
  [
    "a number per place in the batch",
    (x) => tf.mul(one(x), tf.expandDims(tf.range(0, x.shape[0]), 1)),
    /"values" of Literal|result of Literal/,
  ],
];

/** A model of one weight [2, 2] whose scores a test computes. */
export function scoring(score: Score): ArchitecturePlugin<Two> {
  return {
    kind: "architecture",
    name: "arch-scoring",
    contract: CONTRACT,
    create: (scope) => {
      const variable = scope.variable(() => tf.tensor2d([0.5, -1, 2, 0.25], [2, 2]));
      return {
        parameters: [{ name: "weight", variable, tasks: scope.tasks }],
        lastShared: [variable],
        forward: (inputs, pass) => {
          const column = inputs instanceof tf.Tensor ? inputs : Object.values(inputs)[0];
          const scores = score(column as Tensor2D, variable as Tensor as Tensor2D, pass);
          return { a: scores, b: scores };
        },
      };
    },
  };
}

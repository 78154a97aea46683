import * as tf from "@tensorflow/tfjs";
import { useBackend, type BackendName } from "@polytask/backend";
import { expect, it } from "vitest";
import { held, numbers } from "./gradients.ts";

/** Ten steps of an embedding, a convolution with pooling, and two heads; the losses of all steps. */
async function losses(backend: BackendName): Promise<number[]> {
  await useBackend(backend);
  const start = held();
  const variable = (shape: number[], seed: number): tf.Variable =>
    tf.tidy(() => tf.variable(tf.mul(tf.tensor(numbers(shape, seed), shape), 0.3)));
  const table = variable([50, 8], 1);
  const filter = variable([3, 3, 1, 4], 2);
  const mixed = variable([24, 32], 3);
  const heads = [variable([32, 1], 4), variable([32, 5], 5)];
  const ids = tf.tensor1d(
    [...Array(64).keys()].map((i) => (i * 7) % 50),
    "int32",
  );
  const images = tf.tensor4d(numbers([64, 6, 6, 1], 6), [64, 6, 6, 1]);
  const target = tf.tensor2d(numbers([64, 1], 7), [64, 1]);
  const labels = tf.tidy(() =>
    tf.oneHot(
      tf.tensor1d(
        [...Array(64).keys()].map((i) => i % 5),
        "int32",
      ),
      5,
    ),
  );
  const optimizer = tf.train.adam(0.02);

  const loss = (): tf.Scalar => {
    const seen = tf.maxPool(tf.conv2d(images, filter as tf.Tensor4D, 1, "valid"), 2, 2, "valid");
    const features = tf.concat([tf.gather(table, ids), tf.reshape(seen, [64, 16])], 1);
    const hidden = tf.elu(tf.matMul(features, mixed as tf.Tensor2D));
    const [value, logits] = heads.map((head) => tf.matMul(hidden, head as tf.Tensor2D));
    return tf.add(
      tf.losses.meanSquaredError(target, value),
      tf.losses.softmaxCrossEntropy(labels, logits),
    );
  };

  const history: number[] = [];
  let afterFirst: ReturnType<typeof held> | undefined;
  for (let step = 0; step < 10; step++) {
    const value = optimizer.minimize(loss, true);
    history.push(...(value ? await value.data() : []));
    value?.dispose();
    // the first step makes the optimizer's own variables
    afterFirst ??= held();
  }
  expect(held()).toEqual(afterFirst);
  optimizer.dispose();
  tf.dispose([table, filter, mixed, ...heads, ids, images, target, labels]);
  expect(held()).toEqual(start);
  return history;
}

it("training on wasm goes the way it goes on cpu, and keeps nothing", async () => {
  const expected = await losses("cpu");
  const found = await losses("wasm");
  expect(expected.at(-1)).toBeLessThan(0.9 * expected[0]);
  found.forEach((loss, step) => {
    expect(loss).toBeCloseTo(expected[step], 4);
  });
});

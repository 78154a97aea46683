import { gradientsOf, onTape } from "@polytask/core/engine";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { expect, it } from "vitest";

it("a gradient that somebody registered stays theirs", async () => {
  await tf.setBackend("cpu");
  tf.registerGradient({
    kernelName: "TopK",
    inputsToSave: ["x"],
    gradFunc: (_, [x]) => ({ x: () => tf.fill(x.shape, 7) }),
  });
  const x = tf.tensor1d([1, 2, 3]);
  const [gradient] = onTape((collect) =>
    gradientsOf(tf.topk(x, 1).values, [x]).map((found) => collect(found as Tensor)),
  );
  expect([...(await gradient.data())]).toEqual([7, 7, 7]);
  tf.dispose([x, gradient]);
  tf.unregisterGradient("TopK");
});

import { activate, type Activation, activations } from "@polytask/blocks";
import { expectAllClose, expectNoLeak } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** Definitions; selu's constants are those of Klambauer et al., NIPS 2017. */
const definitions: Record<Activation, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  leakyRelu: (x) => (x > 0 ? x : 0.2 * x),
  elu: (x) => (x > 0 ? x : Math.exp(x) - 1),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1)),
  tanh: Math.tanh,
  sigmoid,
  softplus: (x) => Math.log(1 + Math.exp(x)),
  swish: (x) => x * sigmoid(x),
};

it("lists every activation", () => {
  expect([...activations].sort()).toEqual(Object.keys(definitions).sort());
});

it.each(activations)("%s equals its definition, and its gradient the slope", (name) =>
  expectNoLeak(async () => {
    const points = [-3.2, -1, -0.4, 0.3, 1, 2.6];
    const x = tf.tensor1d(points);
    const { value, grad } = tf.valueAndGrad((t: tf.Tensor) => tf.sum(activate(t, name)))(x);
    const y = tf.tidy(() => activate(x, name));
    const f = definitions[name];
    const near = { relative: 2e-5, absolute: 2e-6 };
    expectAllClose(await y.data(), points.map(f), near);
    const slope = (at: number): number => (f(at + 1e-5) - f(at - 1e-5)) / 2e-5;
    expectAllClose(await grad.data(), points.map(slope), near);
    tf.dispose([x, y, value, grad]);
  }),
);

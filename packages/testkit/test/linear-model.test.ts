import { binary, regression } from "@polytask/core";
import {
  describeArchitecture,
  expectAllClose,
  expectNoLeak,
  linearModel,
  ownersAre,
  rowsIndependent,
  testScope,
  testStep,
} from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";

const shared = [0.5, -1];
const three = { a: binary(), b: regression(), c: regression() };

for (const bias of [{}, { bias: 1 }]) {
  describeArchitecture(() => linearModel({ shared, own: { b: [1, 2] }, ...bias }), {
    tasks: three,
    input: [2],
    claims: [
      rowsIndependent,
      ownersAre({ "shared/kernel": ["a", "b", "c"], "own/a": ["a"], "own/c": ["c"] }),
    ],
  });
}

test("its scores are x·(shared + own) + bias, biases only where they are asked for", async () => {
  const scores = async (bias: { readonly bias?: number }) => {
    const scope = testScope({ a: regression(), b: regression() }, { inputs: [2] });
    const { parameters, forward } = await linearModel({
      shared,
      own: { b: [1, 2] },
      ...bias,
    }).create(scope);
    const [a, b] = tf.tidy(() => {
      const x = tf.tensor2d([[2, 3], [0, 0]]); // prettier-ignore
      const scored = forward(x, testStep().pass(scope.tasks));
      return scope.tasks.map((name) => scored[name] as tf.Tensor);
    });
    const found = { a: await a.data(), b: await b.data(), names: parameters.map((p) => p.name) };
    tf.dispose([a, b]);
    scope.dispose();
    return found;
  };
  await expectNoLeak(async () => {
    const plain = await scores({});
    expectAllClose([plain.a, plain.b], [[-2, 0], [6, 0]]); // prettier-ignore
    expect(plain.names).toEqual(["shared/kernel", "own/a/kernel", "own/b/kernel"]);
    const biased = await scores({ bias: 0.25 });
    expectAllClose([biased.a, biased.b], [[-1.75, 0.25], [6.25, 0.25]]); // prettier-ignore
    expect(biased.names.filter((name) => name.endsWith("/bias"))).toEqual([
      "own/a/bias",
      "own/b/bias",
    ]);
  });
});

test("an own kernel of another length, or of a stray task, is refused", async () => {
  expect(() => linearModel<"a">({ shared, own: { a: [1] } })).toThrow(
    expect.objectContaining({ code: "POLYTASK_OPTION" }),
  );
  await expectNoLeak(async () => {
    const scope = testScope({ a: regression() }, { inputs: [2] });
    const stray = linearModel({ shared, own: { z: [1, 2] } });
    await expect((async () => stray.create(scope))()).rejects.toMatchObject({
      code: "POLYTASK_UNKNOWN_TASK",
    });
    scope.dispose();
  });
});

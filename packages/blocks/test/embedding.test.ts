import { useBackend } from "@polytask/backend";
import { embedding, ones } from "@polytask/blocks";
import { expectNoLeak, sampleTasks, testScope, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { all, codeOf, expectClose, type Name, numbers, run } from "./support.ts";

describe.each(["cpu", "wasm"] as const)("embedding on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });
  afterAll(async () => {
    await useBackend("cpu");
  });

  it("looks rows up, for ids of any shape and of both types", async () => {
    await expectNoLeak(async () => {
      const scope = testScope(sampleTasks);
      const block = embedding(scope, { name: "words", tasks: ["b"], rows: 5, dimension: 3 });
      expect(block.parameters).toMatchObject([
        { name: "words/table", tasks: ["b"], layout: "rows" },
      ]);
      expect(block.shape).toEqual([3]);
      const table = [...(await block.parameters[0].variable.data())];
      const list = [4, 0, 4, 1, 2, 4];
      const expected = list.flatMap((id) => table.slice(3 * id, 3 * id + 3));
      for (const shape of [[6], [2, 3], [6, 1]]) {
        for (const dtype of ["int32", "float32"] as const) {
          const ids = tf.tensor(list, shape, dtype);
          const y = tf.tidy(() => block.forward(ids, testStep<Name>().pass(all)));
          expect(y.shape).toEqual([...shape, 3]);
          expect([...(await y.data())]).toEqual(expected);
          tf.dispose([ids, y]);
        }
      }
      scope.dispose();
    });
  });

  it("adds the gradient up over repeated ids, as a one-hot product does", async () => {
    await expectNoLeak(async () => {
      const scope = testScope(sampleTasks);
      const block = embedding(scope, { name: "words", tasks: all, rows: 7, dimension: 4 });
      const table = block.parameters[0].variable;
      const list = [3, 3, 0, 6, 3, 1, 0, 3];
      const [ids, weights] = tf.tidy(() => [
        tf.tensor1d(list, "int32"),
        tf.tensor2d(numbers(32), [8, 4]),
      ]);
      const gradient = (lookup: () => tf.Tensor): tf.Tensor =>
        tf.tidy(
          () =>
            tf.variableGrads(() => tf.sum(tf.mul(tf.square(lookup()), weights)), [table]).grads[
              table.name
            ],
        );
      const found = gradient(() => block.forward(ids, testStep<Name>().pass(all)));
      const expected = gradient(() => tf.matMul(tf.cast(tf.oneHot(ids, 7), "float32"), table));
      expectClose([...(await found.data())], [...(await expected.data())]);
      // No word 2, 4 or 5 in this batch.
      const rows = (await found.array()) as number[][];
      expect([2, 4, 5].map((row) => rows[row])).toEqual([
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ]);
      tf.dispose([ids, weights, found, expected]);
      scope.dispose();
    });
  });
});

describe("embedding", () => {
  it("starts from N(0, 1/dimension), or as it is told", async () => {
    const scope = testScope(sampleTasks);
    const block = embedding(scope, { name: "words", tasks: all, rows: 1000, dimension: 8 });
    const values = [...(await block.parameters[0].variable.data())];
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    // Mean square of 8,000 draws: 1/8 ± 1/8·√(2/8,000).
    expect(Math.abs(square - 1 / 8)).toBeLessThan(0.01);
    const told = embedding(scope, { name: "told", tasks: all, rows: 2, dimension: 2, table: ones });
    const ids = tf.tensor1d([1], "int32");
    expect((await run(told, ids)).y).toEqual([1, 1]);
    ids.dispose();
    scope.dispose();
  });

  it("refuses bad sizes", () => {
    const scope = testScope(sampleTasks);
    expect(
      codeOf(() => embedding(scope, { name: "w", tasks: all, rows: 0, dimension: 1 })),
    ).toContain('"rows"');
    expect(
      codeOf(() => embedding(scope, { name: "w", tasks: all, rows: 1, dimension: 0.5 })),
    ).toContain('"dimension"');
    expect(scope.variables).toEqual([]);
  });
});

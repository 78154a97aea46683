import { experts, gate, mixture, mlp } from "@polytask/blocks";
import { expectAllClose, expectNoLeak, type TestScope, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import {
  assignKnown,
  bank,
  differences,
  gateOf,
  ofOne,
  relu,
  type Rows,
  tanh,
} from "./reference.ts";
import { all, codeOf, inScope, type Name, run, set } from "./support.ts";

const rows: Rows = [
  [0.4, -1.1, 0.7],
  [-0.9, 0.3, 1.6],
];
const near = { relative: 1e-5, absolute: 1e-5 };

/** [experts][batch][units] to [batch, experts, units], flat. */
const batchFirst = (values: readonly Rows[]): number[] =>
  values[0].flatMap((_, b) => values.flatMap((expert) => expert[b]));

describe("experts", () => {
  // Reference: every expert by itself, in float64 loops; gradients by central differences.
  it.each([
    ["one layer", [2], "relu", relu],
    ["two layers", [4, 2], "tanh", tanh],
    ["three layers", [3, 2, 3], "tanh", tanh],
  ] as const)("equal separate networks, gradients included (%s)", (_, hidden, activation, f) =>
    inScope(async (scope) => {
      const count = 3;
      const block = experts(scope, { name: "e", tasks: all, count, input: 3, hidden, activation });
      const weights = assignKnown(block.parameters);
      const x = tf.tensor2d(rows as number[][]);
      const { y } = await run(block, x);
      expect(block.shape).toEqual([count, hidden[hidden.length - 1]]);
      expectAllClose(y, batchFirst(bank(weights, "e", count, rows, f)), near);

      // Σ cos(i)·y_i tells the experts apart.
      const functional = (list: number[]): number =>
        list.reduce((sum, value, i) => sum + value * Math.cos(i), 0);
      const [expected] = differences(
        (w) => [functional(batchFirst(bank(w, "e", count, rows, f)))],
        weights,
      );
      const { value, grads } = tf.variableGrads(() => {
        const out = block.forward(x, testStep<Name>().pass(all));
        const cosines = Array.from({ length: out.size }, (__, i) => Math.cos(i));
        return tf.sum(tf.mul(out, tf.tensor(cosines, out.shape))).asScalar();
      });
      for (const { name, variable } of block.parameters) {
        expectAllClose(await grads[variable.name].data(), expected.get(name) ?? [], near);
      }
      tf.dispose([x, value, grads]);
    }),
  );

  it("take one product per layer, however many there are", () =>
    inScope(async (scope) => {
      const block = experts(scope, { name: "e", tasks: all, count: 7, input: 3, hidden: [4, 4] });
      const x = tf.tensor2d(rows as number[][]);
      const { kernels } = await tf.profile(() =>
        tf.tidy(() => {
          block.forward(x, testStep<Name>().pass(all));
        }),
      );
      expect(kernels.filter(({ name }) => name === "BatchMatMul")).toHaveLength(2);
      x.dispose();
    }));

  it("start each like a network of its own size", () =>
    inScope(async (scope) => {
      const block = experts(scope, {
        name: "e",
        tasks: all,
        count: 20,
        input: 10,
        hidden: [30, 6],
      });
      const limits = [Math.sqrt(6 / 40), Math.sqrt(6 / 36)];
      for (const [l, name] of ["e/0/kernel", "e/1/kernel"].entries()) {
        const kernel = block.parameters.find((parameter) => parameter.name === name);
        const values = (await kernel?.variable.data()) as Float32Array;
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(largest).toBeLessThanOrEqual(limits[l]);
        expect(largest).toBeGreaterThan(0.99 * limits[l]);
      }
    }));

  it("drop units of each expert by themselves, in training only", () =>
    inScope(async (scope) => {
      const block = experts(scope, {
        name: "e",
        tasks: all,
        count: 10,
        input: 3,
        hidden: [20],
        activation: "sigmoid",
        dropout: 0.25,
      });
      const x = tf.ones([10, 3]);
      const { y } = await run(block, x);
      const dropped = y.filter((value) => value === 0).length / y.length;
      // 2,000 draws: standard error 0.01.
      expect(Math.abs(dropped - 0.25)).toBeLessThan(0.05);
      expect((await run(block, x, { training: false })).y).not.toContain(0);
      x.dispose();
    }));

  it("name parameters, tasks, roles and the last layer", () =>
    inScope((scope) => {
      const options = { name: "e", role: "r", tasks: ["a", "b"] as const, count: 2, input: 3 };
      const block = experts<Name>(scope, { ...options, hidden: [4, 5] });
      const described = block.parameters.map(({ name, role, tasks: of, variable }) => [
        name,
        role,
        of.join(),
        variable.shape,
      ]);
      expect(described).toEqual([
        ["e/0/kernel", "r/0/kernel", "a,b", [2, 4, 3]],
        ["e/0/bias", "r/0/bias", "a,b", [2, 4]],
        ["e/1/kernel", "r/1/kernel", "a,b", [2, 4, 5]],
        ["e/1/bias", "r/1/bias", "a,b", [2, 5]],
      ]);
      expect(block.last.map(({ name }) => name)).toEqual(["e/1/kernel", "e/1/bias"]);
    }));

  it("refuse bad options, leaving nothing", () =>
    inScope((scope) => {
      const good = { name: "e", tasks: all, count: 2, input: 3, hidden: [4] };
      for (const wrong of [
        { count: 0 },
        { input: 0 },
        { hidden: [] },
        { hidden: [4, -1] },
        { dropout: -1 },
        { activation: "step" as "relu" },
      ]) {
        expect(codeOf(() => experts(scope, { ...good, ...wrong }))).toMatch(
          /^POLYTASK_OPTION: experts "e"/,
        );
      }
      expect(scope.variables).toEqual([]);
    }));
});

describe("gate", () => {
  it("is softmax(x·W + b)", () =>
    inScope(async (scope) => {
      for (const bias of [false, true]) {
        const name = `g${String(bias)}`;
        const block = gate(scope, { name, tasks: all, input: 3, experts: 4, bias });
        expect(block.parameters).toHaveLength(bias ? 2 : 1);
        const weights = assignKnown(block.parameters);
        const x = tf.tensor2d(rows as number[][]);
        expectAllClose((await run(block, x)).y, gateOf(weights, name, rows), near);
        x.dispose();
      }
    }));

  /** A gate of four experts with the given logits for x = 1, and what it gives under the given noise. */
  const weigh = async (
    scope: TestScope<Name>,
    logits: number[],
    dropout: number,
    noise?: number[],
  ) => {
    const block = gate(scope, {
      name: `g${Math.abs(logits[0])}/${dropout}/${noise?.join() ?? ""}`,
      tasks: all,
      input: 1,
      experts: 4,
      dropout,
    });
    set(block, "kernel", logits);
    const draws = [...(noise ?? [])];
    const x = tf.ones([1, 1]);
    const options = noise
      ? { noise: { uniform: () => draws.shift() } as never }
      : { training: false };
    const { y } = await run(block, x, options);
    x.dispose();
    return y;
  };
  const logs = [0.1, 0.2, 0.3, 0.4].map(Math.log);

  it("leaves out experts whose noise is below the rate, and renormalises the others (by hand)", () =>
    inScope(async (scope) => {
      expectAllClose(await weigh(scope, logs, 0.5), [0.1, 0.2, 0.3, 0.4], near);
      const some = await weigh(scope, logs, 0.5, [0.9, 0.1, 0.6, 0.49]);
      expectAllClose(some, [0.25, 0, 0.75, 0], near);
    }));

  it("keeps all experts of an example that would lose them all (by hand)", () =>
    inScope(async (scope) => {
      expectAllClose(await weigh(scope, logs, 0.5, [0, 0.1, 0.2, 0.3]), [0.1, 0.2, 0.3, 0.4], near);
    }));

  it("stays finite where a one-hot gate loses its only expert", () =>
    inScope(async (scope) => {
      const left = await weigh(scope, [500, 0, 0, Math.log(2)], 0.5, [0.1, 0.9, 0.9, 0.9]);
      expectAllClose(left, [0, 0.25, 0.25, 0.5], near);
    }));

  it("leaves out at its rate, and gives those experts no gradient", () =>
    inScope(async (scope) => {
      const block = gate(scope, { name: "g", tasks: all, input: 3, experts: 8, dropout: 0.1 });
      const x = tf.ones([500, 3]);
      const { y } = await run(block, x);
      const dropped = y.filter((value) => value === 0).length / y.length;
      // 4,000 draws: standard error 0.005.
      expect(Math.abs(dropped - 0.1)).toBeLessThan(0.025);
      x.dispose();
    }));

  it("refuses bad options, leaving nothing", () =>
    inScope((scope) => {
      const good = { name: "g", tasks: all, input: 3, experts: 2 };
      for (const wrong of [{ experts: 0 }, { dropout: 1 }, { input: 0 }]) {
        expect(codeOf(() => gate(scope, { ...good, ...wrong }))).toMatch(
          /^POLYTASK_OPTION: (gate|dense) "g"/,
        );
      }
      expect(scope.variables).toEqual([]);
    }));
});

describe("mixture", () => {
  it("is the weighted sum, with the gradients of a product (by hand)", () =>
    expectNoLeak(async () => {
      const weights = tf.tensor2d([
        [0.25, 0.75],
        [1, 0],
      ]);
      const values = tf.tensor3d([
        [
          [4, 8],
          [0, 4],
        ],
        [
          [1, 2],
          [3, 4],
        ],
      ]);
      const y = tf.tidy(() => mixture(weights, values));
      expect(y.shape).toEqual([2, 2]);
      expect([...(await y.data())]).toEqual([1, 5, 1, 2]);
      const [dw, dv] = tf.grads((w: tf.Tensor, v: tf.Tensor) => tf.sum(mixture(w, v)))([
        weights,
        values,
      ]);
      expect([...(await dw.data())]).toEqual([12, 4, 3, 7]);
      expect([...(await dv.data())]).toEqual([0.25, 0.25, 0.75, 0.75, 1, 1, 0, 0]);
      tf.dispose([weights, values, y, dw, dv]);
    }));
});

it("one expert is an mlp of the same weights", () =>
  inScope(async (scope) => {
    const one = experts(scope, { name: "e", tasks: all, count: 1, input: 3, hidden: [4, 2] });
    const plain = mlp(scope, { name: "m", tasks: all, input: 3, hidden: [4, 2] });
    const weights = ofOne(assignKnown(one.parameters), "e", 3);
    for (const leaf of ["0/kernel", "0/bias", "1/kernel", "1/bias"]) {
      set(plain, leaf, [...(weights.get(`e/${leaf}`) ?? [])]);
    }
    const x = tf.tensor2d(rows as number[][]);
    expectAllClose((await run(one, x)).y, (await run(plain, x)).y, near);
    x.dispose();
  }));

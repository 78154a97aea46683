import * as tf from "@tensorflow/tfjs";
import { useBackend } from "@polytask/backend";
import { beforeEach, describe, expect, it } from "vitest";
import { held, soil, tensor } from "./gradients.ts";

const int = (values: number[], shape = [values.length]): tf.Tensor =>
  tf.tensor(values, shape, "int32");
const bool = (values: number[], shape = [values.length]): tf.Tensor =>
  tf.tensor(values, shape, "bool");

/** Shape, dtype and numbers of what `f` computes on soiled memory, leaving nothing behind. */
async function result(
  f: () => tf.Tensor,
): Promise<{ shape: number[]; dtype: string; values: number[] }> {
  const before = held();
  soil();
  const y = tf.tidy(f);
  const values = Array.from(await y.data<"float32">());
  const { shape, dtype } = y;
  y.dispose();
  expect(held()).toEqual(before);
  return { shape, dtype, values };
}

async function values(f: () => tf.Tensor): Promise<number[]> {
  return (await result(f)).values;
}

/** An equation as it is written: one loop per letter. */
async function summedProducts(equation: string, operands: readonly tf.Tensor[]) {
  const [left, to] = equation.split("->");
  const from = left.split(",");
  const lengths = new Map(
    from.flatMap((word, k) => Array.from(word, (one, i) => [one, operands[k].shape[i]] as const)),
  );
  const letters = [...lengths.keys()];
  const numbers = await Promise.all(operands.map((x) => x.data()));
  const shape = Array.from(to, (one) => lengths.get(one) ?? 0);
  const sums = new Float64Array(tf.util.sizeFromShape(shape));
  const place = (word: string, at: ReadonlyMap<string, number>): number =>
    Array.from(word).reduce((sum, one) => sum * (lengths.get(one) ?? 0) + (at.get(one) ?? 0), 0);
  const loop = (at: ReadonlyMap<string, number>): void => {
    const letter = letters.find((one) => !at.has(one));
    if (letter === undefined) {
      sums[place(to, at)] += from.reduce((all, word, k) => all * numbers[k][place(word, at)], 1);
      return;
    }
    for (let i = 0; i < (lengths.get(letter) ?? 0); i++) loop(new Map([...at, [letter, i]]));
  };
  loop(new Map());
  return { shape, values: [...sums] };
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeEach(async () => {
    await useBackend(backend);
  });

  it("takes the maximum of a dilation where all sums are negative", async () => {
    const x = tf.tensor4d([-5, -3, -4, -9], [1, 2, 2, 1]);
    const filter = tf.tensor3d([0.5, 0, -1, 2], [2, 2, 1]);
    // the windows that stay inside: one; with padding behind, four
    expect(await values(() => tf.dilation2d(x, filter, 1, "valid"))).toEqual([-3]);
    expect(await values(() => tf.dilation2d(x, filter, 1, "same"))).toEqual([-3, -2.5, -3.5, -8.5]);
    tf.dispose([x, filter]);
  });

  it("puts updates into a tensor of its own, of several at one place the last", async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const updates = tf.tensor2d([10, 20, 30, 40, 50, 60], [3, 2]);
    const at = int([2, 0, 2], [3, 1]);
    expect(await values(() => tf.tensorScatterUpdate(x, at, updates))).toEqual([
      30, 40, 3, 4, 50, 60,
    ]);
    expect([...(await x.data())]).toEqual([1, 2, 3, 4, 5, 6]);
    tf.dispose([x, updates, at]);
  });

  it.each<readonly [string, readonly (readonly number[])[]]>([
    [
      "ij,jk->ki",
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      "bqhd,bkhd->bhqk",
      [
        [2, 3, 2, 2],
        [2, 4, 2, 2],
      ],
    ],
    [
      "ij,ij->",
      [
        [2, 3],
        [2, 3],
      ],
    ],
    ["i,j->ji", [[2], [3]]],
    [
      "bij,bj->ib",
      [
        [2, 3, 4],
        [2, 4],
      ],
    ],
    ["aij,k->ik", [[2, 3, 2], [3]]],
    ["ijk->ki", [[2, 3, 2]]],
    ["ij->ij", [[2, 3]]],
    ["ij->", [[2, 3]]],
  ])("sums the products of %s", async (equation, shapes) => {
    const operands = shapes.map((shape, i) => tensor(shape, i + 1));
    const expected = await summedProducts(equation, operands);
    const found = await result(() => tf.einsum(equation, ...operands));
    expect(found.shape).toEqual(expected.shape);
    found.values.forEach((value, i) => {
      expect(value).toBeCloseTo(expected.values[i], 5);
    });
    tf.dispose(operands);
  });

  describe("segment sums", () => {
    const sum = (x: tf.Tensor, ids: tf.Tensor, segments: number) =>
      result(() => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, segments));

    it("drop ids outside the segments", async () => {
      expect(
        await sum(
          tf.tensor2d([
            [1, 2],
            [3, 4],
            [5, 6],
            [7, 8],
          ]),
          int([1, -1, 1, 3]),
          3,
        ),
      ).toEqual({
        shape: [3, 2],
        dtype: "float32",
        values: [0, 0, 6, 8, 0, 0],
      });
    });

    it("keep integers", async () => {
      expect(await sum(int([16777217, 1]), int([0, 0]), 1)).toEqual({
        shape: [1],
        dtype: "int32",
        values: [16777218],
      });
    });

    it("take ids of any rank", async () => {
      const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
      expect(await sum(x, int([0, 1, 1, 0], [2, 2]), 2)).toEqual({
        shape: [2, 2],
        dtype: "float32",
        values: [8, 10, 8, 10],
      });
      expect(await sum(tf.tensor1d([1, 2]), tf.scalar(1, "int32"), 2)).toEqual({
        shape: [2, 2],
        dtype: "float32",
        values: [0, 0, 1, 2],
      });
    });

    it("of nothing are zero", async () => {
      expect(await sum(tf.zeros([0, 2]), int([]), 2)).toEqual({
        shape: [2, 2],
        dtype: "float32",
        values: [0, 0, 0, 0],
      });
      expect((await sum(tf.zeros([3, 0]), int([0, 1, 0]), 2)).shape).toEqual([2, 0]);
    });
  });

  it("reductions of nothing give their identity element", async () => {
    const none = (): tf.Tensor => tf.zeros([0, 2]);
    expect(await values(() => tf.sum(none(), 0))).toEqual([0, 0]);
    expect(await values(() => tf.mean(none()))).toEqual([0]);
    expect(await values(() => tf.prod(none(), 0, true))).toEqual([1, 1]);
    expect(await values(() => tf.max(none(), 0))).toEqual([-Infinity, -Infinity]);
    expect(await values(() => tf.min(none(), 0))).toEqual([Infinity, Infinity]);
    expect(await values(() => tf.any(tf.isNaN(none())))).toEqual([0]);
    expect(await values(() => tf.all(bool([], [0, 2]), 0))).toEqual([1, 1]);
    expect(await result(() => tf.sum(int([], [0, 2]), 0))).toEqual({
      shape: [2],
      dtype: "int32",
      values: [0, 0],
    });
    expect(await result(() => tf.max(tf.zeros([2, 0]), 1, true))).toMatchObject({ shape: [2, 1] });
  });

  it("sums are as good as float64", async () => {
    const x = tf.fill([1 << 20], 0.1);
    const exact = Math.fround(0.1) * (1 << 20);
    expect((await values(() => tf.sum(x)))[0]).toBeCloseTo(exact, 1);
    expect((await values(() => tf.mean(x)))[0]).toBeCloseTo(Math.fround(0.1), 7);
    expect(
      (await values(() => tf.sum(tf.reshape(x, [1 << 10, 4, 1 << 8]), [0, 2])))[2],
    ).toBeCloseTo(exact / 4, 1);
    x.dispose();
    expect(await result(() => tf.sum(tf.fill([100], 16777217, "int32")))).toEqual({
      shape: [],
      dtype: "int32",
      values: [1677721700],
    });
    expect(await result(() => tf.mean(tf.fill([99], 2, "int32")))).toEqual({
      shape: [],
      dtype: "float32",
      values: [2],
    });
    expect(await result(() => tf.sum(bool(Array<number>(99).fill(1))))).toEqual({
      shape: [],
      dtype: "int32",
      values: [99],
    });
  });

  it("products with an inner length of 0 are zero", async () => {
    expect(await values(() => tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])))).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
    expect(await values(() => tf.matMul(tf.zeros([0, 2]), tf.zeros([3, 0]), true, true))).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
    expect((await result(() => tf.matMul(tf.zeros([4, 0, 2]), tf.zeros([4, 2, 3])))).shape).toEqual(
      [4, 0, 3],
    );
  });

  it.each([
    [
      [2, 3],
      [2, 1],
    ],
    [[2, 1], [3]],
    [
      [2, 1, 2],
      [1, 3, 1],
    ],
    [[3], [1]],
    [[2, 3], [3]],
    [[], [2, 2]],
  ])("products of batches %j and %j", async (left, right) => {
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(left, right);
    const [a, b] = [tensor([...left, 4, 3], 1), tensor([...right, 5, 4], 2)];
    const product = await result(() => tf.matMul(a, b, true, true));
    expect(product.shape).toEqual([...batch, 3, 5]);
    const single = await values(() => {
      const [rows, columns] = [
        tf.broadcastTo(a, [...batch, 4, 3]),
        tf.broadcastTo(b, [...batch, 5, 4]),
      ];
      const pairs = [rows, columns].map((x) =>
        tf.unstack(tf.reshape(x, [-1, ...x.shape.slice(-2)])),
      );
      return tf.stack(pairs[0].map((row, i) => tf.matMul(row, pairs[1][i], true, true)));
    });
    product.values.forEach((value, i) => {
      expect(value).toBeCloseTo(single[i], 5);
    });
    tf.dispose([a, b]);
  });

  it("gathering from nothing keeps the shape", async () => {
    expect(await result(() => tf.gather(tf.zeros([4, 0]), int([0, 1])))).toEqual({
      shape: [2, 0],
      dtype: "float32",
      values: [],
    });
    expect(await result(() => tf.gather(tf.zeros([4, 3]), int([])))).toEqual({
      shape: [0, 3],
      dtype: "float32",
      values: [],
    });
  });

  it("a number is true unless it is 0", async () => {
    expect(await values(() => tf.cast(tf.tensor1d([0.5, 256, -1, NaN, 0]), "bool"))).toEqual([
      1, 1, 1, 1, 0,
    ]);
    expect(await values(() => tf.cast(int([256, 2, 0]), "bool"))).toEqual([1, 1, 0]);
    expect(await values(() => tf.cast(bool([1, 0]), "bool"))).toEqual([1, 0]);
  });

  it("clipping keeps NaN and knows integers", async () => {
    expect(await values(() => tf.clipByValue(tf.tensor1d([-2, NaN, 0.5, 4]), -1, 1))).toEqual([
      -1,
      NaN,
      0.5,
      1,
    ]);
    expect(await values(() => tf.relu6(tf.tensor1d([-2, NaN, 0.5, 9])))).toEqual([0, NaN, 0.5, 6]);
    expect(await result(() => tf.clipByValue(int([-3, 5, 9]), 0, 6))).toEqual({
      shape: [3],
      dtype: "int32",
      values: [0, 5, 6],
    });
  });

  it("the gradient of a pooled maximum goes to the first of equals", async () => {
    const gradient = tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"));
    expect(await values(() => gradient(tf.zeros([1, 2, 4, 1])))).toEqual([1, 0, 1, 0, 0, 0, 0, 0]);
  });
});

describe("fused products on wasm equal their parts", () => {
  const shapes = {
    single: [
      [9, 60],
      [60, 5],
    ],
    batched: [
      [3, 9, 60],
      [3, 60, 5],
    ],
    broadcast: [
      [3, 9, 60],
      [1, 60, 5],
    ],
  };
  const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "prelu", "leakyrelu"] as const;

  it.each(
    Object.entries(shapes).flatMap(([name, shape]) =>
      activations.map((activation) => [name, activation, shape] as const),
    ),
  )("%s, %s", async (_, activation, [left, right]) => {
    const flip = (shape: number[]): number[] => [
      ...shape.slice(0, -2),
      ...shape.slice(-2).reverse(),
    ];
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
    ])
      for (const bias of [() => tensor([5], 3), () => tf.scalar(0.5)]) {
        const compute = () =>
          tf.fused.matMul({
            a: tensor(transposeA ? flip(left) : left, 1),
            b: tensor(transposeB ? flip(right) : right, 2),
            bias: bias(),
            transposeA,
            transposeB,
            activation,
            ...(activation === "prelu" ? { preluActivationWeights: tensor([5], 4) } : {}),
          });
        await useBackend("cpu");
        const expected = await values(compute);
        await useBackend("wasm");
        const found = await values(compute);
        expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(
          2e-5,
        );
      }
  });
});

it("a refused product keeps nothing", async () => {
  await useBackend("wasm");
  const x = tf.ones([2, 30, 30], "int32");
  const before = held();
  expect(() => tf.tidy(() => tf.matMul(x, x, true))).toThrow("non-float32");
  expect(held()).toEqual(before);
  x.dispose();
});

it("repairs read the heap after it moved", async () => {
  await useBackend("cpu");
  // 24 MiB each that live on cpu: taking them over makes the wasm heap grow inside the kernel
  const x = tf.ones([3 << 21]);
  const ids = tf.zeros([3 << 21], "int32");
  const rows = tf.ones([3 << 20, 2]);
  await useBackend("wasm");
  const sums = [tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 1), tf.sum(rows, 0)];
  expect(Array.from(await sums[0].data())).toEqual([3 << 21]);
  expect(Array.from(await sums[1].data())).toEqual([3 << 20, 3 << 20]);
  tf.dispose([x, ids, rows, ...sums]);
});

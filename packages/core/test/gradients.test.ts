import { gradientsOf, onTape } from "@polytask/core/engine";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor4D, Tensor5D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";

/** A function whose gradient tfjs 4.22 has wrong or lacks, and the shapes of what it is differentiated at. */
type Case = readonly [f: (...xs: Tensor[]) => Tensor, ...shapes: (readonly number[])[]];

const ids = (values: number[], shape = [values.length]): Tensor =>
  tf.tensor(values, shape, "int32");
const t4 = (x: Tensor): Tensor4D => x as Tensor4D;

/** One of all, one of a part, one that leaves the image. */
const boxes = (): tf.Tensor2D =>
  tf.tensor2d([0, 0, 1, 1, 0.1, 0.2, 0.8, 0.95, -0.2, 0.3, 0.7, 1.3], [3, 4]);

const cases: Readonly<Record<string, Case>> = {
  "maximum of a matrix and a row": [tf.maximum, [3, 4], [4]],
  "maximum of a column and a row": [tf.maximum, [3, 1], [4]],
  "minimum of a row and a matrix": [tf.minimum, [4], [3, 4]],
  "squared difference of a column and a matrix": [tf.squaredDifference, [3, 1], [3, 4]],
  "product with one matrix for a batch": [(a, b) => tf.matMul(a, b), [2, 3, 4], [1, 4, 2]],
  "product, all transposed, one for a batch": [
    (a, b) => tf.matMul(a, b, true, true),
    [1, 4, 3],
    [5, 2, 4],
  ],
  "product, a transposed, fewer axes": [(a, b) => tf.matMul(a, b, true), [4, 3], [2, 2, 4, 2]],
  "product, b transposed, fewer axes": [
    (a, b) => tf.matMul(a, b, false, true),
    [2, 3, 3, 4],
    [3, 5, 4],
  ],
  "a mask": [(x) => tf.where(tf.greater(x, 0.1), tf.square(x), tf.mul(x, 3)), [3, 4]],
  "masks of masks": [
    (x, y) =>
      tf.where(
        tf.logicalAnd(
          tf.less(x, y),
          tf.logicalNot(tf.logicalOr(tf.equal(x, 2), tf.lessEqual(y, -1))),
        ),
        x,
        tf.mul(x, y),
      ),
    [3, 4],
    [3, 4],
  ],
  "a count of truths": [
    (x) => tf.mul(x, tf.cast(tf.any(tf.notEqual(x, 0), 1, true), "float32")),
    [3, 4],
  ],
  "all or nothing": [(x) => tf.mul(x, tf.cast(tf.all(tf.greater(x, -9)), "float32")), [3, 4]],
  "cumulative sum of rows": [(x) => tf.square(tf.cumsum(x, 0)), [3, 3]],
  "cumulative sum in the middle": [(x) => tf.square(tf.cumsum(x, 1, true, true)), [2, 3, 2]],
  "cumulative product": [(x) => tf.cumprod(x, 1), [2, 4]],
  "cumulative product of those behind": [(x) => tf.cumprod(x, 0, true, true), [4, 2]],
  "cumulative product with a zero": [
    (x) => tf.cumprod(tf.mul(x, tf.tensor1d([1, 0, 1, 1])), 1, false, true),
    [2, 4],
  ],
  "numbers by coordinates": [(x) => tf.gatherND(x, ids([0, 1, 2, 3, 0, 1], [3, 2])), [3, 4]],
  "rows by coordinates": [(x) => tf.gatherND(x, ids([2, 0, 2], [3, 1])), [3, 4]],
  "numbers put by coordinates": [(x) => tf.scatterND(ids([2, 0, 2], [3, 1]), x, [4, 2]), [3, 2]],
  "top two": [(x) => tf.square(tf.topk(x, 2).values), [3, 5]],
  "a slice with steps": [(x) => tf.square(tf.stridedSlice(x, [0, 3], [5, 0], [2, -1])), [5, 4]],
  "a slice with steps of three": [(x) => tf.square(tf.stridedSlice(x, [1], [8], [3])), [8, 2]],
  "a slice with a new axis": [
    (x) => tf.stridedSlice(x, [0, 0, 1], [3, 0, 4], [2, 1, 2], 0, 0, 0, 2),
    [3, 4],
  ],
  "pixels from channels": [(x) => tf.square(tf.depthToSpace(t4(x), 2)), [1, 2, 3, 8]],
  "a reflected border": [
    (x) =>
      tf.square(
        tf.mirrorPad(
          x,
          [
            [2, 1],
            [0, 3],
          ],
          "reflect",
        ),
      ),
    [3, 4],
  ],
  "a mirrored border": [
    (x) =>
      tf.square(
        tf.mirrorPad(
          x,
          [
            [2, 3],
            [1, 0],
          ],
          "symmetric",
        ),
      ),
    [3, 4],
  ],
  "a tile of five axes": [(x) => tf.square(tf.tile(x, [2, 1, 1, 3, 1])), [1, 2, 1, 2, 2]],
  "a diagonal matrix": [(x) => tf.square(tf.diag(x)), [3]],
  "conv2d, dilated": [
    (x, w) => tf.conv2d(t4(x), t4(w), 1, "same", "NHWC", 2),
    [1, 5, 6, 2],
    [3, 2, 2, 2],
  ],
  "conv2d, dilated unevenly": [
    (x, w) => tf.conv2d(t4(x), t4(w), 1, "valid", "NHWC", [1, 3]),
    [2, 4, 7, 1],
    [2, 3, 1, 2],
  ],
  "conv1d, dilated": [
    (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 1, "same", "NWC", 2),
    [2, 7, 2],
    [3, 2, 2],
  ],
  "conv3d, dilated": [
    (x, w) => tf.conv3d(x as Tensor5D, w as Tensor5D, 1, "same", "NDHWC", [2, 1, 1]),
    [1, 4, 2, 3, 1],
    [2, 2, 2, 1, 2],
  ],
  "depthwise conv2d, dilated": [
    (x, w) => tf.depthwiseConv2d(t4(x), t4(w), 1, "valid", "NHWC", 2),
    [1, 6, 5, 2],
    [2, 2, 2, 2],
  ],
  "transposed conv3d": [
    (x, w) => tf.conv3dTranspose(x as Tensor5D, w as Tensor5D, [1, 4, 5, 4, 2], 2, "same"),
    [1, 2, 3, 2, 2],
    [2, 3, 2, 2, 2],
  ],
  // The cpu backend writes updates into the operand.
  "rows replaced": [
    (x, y) => tf.square(tf.tensorScatterUpdate(tf.mul(x, 1), ids([2, 0], [2, 1]), y)),
    [4, 2],
    [2, 2],
  ],
  "numbers replaced twice": [
    (x, y) => tf.square(tf.tensorScatterUpdate(tf.mul(x, 1), ids([2, 1, 0, 0, 2, 1], [3, 2]), y)),
    [4, 2],
    [3],
  ],
  crops: [
    (x) => tf.square(tf.image.cropAndResize(t4(x), boxes(), ids([0, 1, 1]) as tf.Tensor1D, [3, 2])),
    [2, 4, 5, 2],
  ],
  "crops of one number, partly outside, nearest": [
    (x) =>
      tf.square(
        tf.image.cropAndResize(
          t4(x),
          boxes(),
          ids([0, 1, 1]) as tf.Tensor1D,
          [1, 4],
          "nearest",
          0.5,
        ),
      ),
    [2, 4, 5, 1],
  ],
  "einsum of matrices": [(a, b) => tf.einsum("ij,jk->ki", a, b), [2, 3], [3, 4]],
  "einsum of attention": [(q, k) => tf.einsum("bqhd,bkhd->bhqk", q, k), [2, 3, 2, 2], [2, 4, 2, 2]],
  "einsum to a number": [(a, b) => tf.einsum("ij,ij->", a, b), [2, 3], [2, 3]],
  "einsum of one": [(a) => tf.square(tf.einsum("ijk->j", a)), [2, 3, 2]],
};

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("gradients that tfjs lacks or has wrong equal central differences", () => {
  it.each(Object.entries(cases))("%s", async (_, [f, ...shapes]) => {
    const before = tf.memory().numTensors;
    const values = shapes.map(numbers);
    const found = await gradients(f, shapes, values);
    const expected = await differences(f, shapes, values);
    for (const [k, gradient] of found.entries()) {
      gradient.forEach((slope, i) => {
        expect(Math.abs(slope - expected[k][i])).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)));
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("equal numbers in a top k are told apart by their places", async () => {
  const x = tf.tensor1d([2, 5, 5, 5]);
  const [gradient] = onTape((collect) =>
    gradientsOf(tf.topk(x, 2).values, [x]).map((found) => collect(found as Tensor)),
  );
  expect([...(await gradient.data())]).toEqual([0, 1, 1, 0]);
  tf.dispose([x, gradient]);
});

/** Numbers that look random and are the same in every run; no two are close. */
function numbers(shape: readonly number[], seed: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const order = Array.from({ length: size }, (_, i) => Math.sin((i + 1) * (12.9898 + 3.1 * seed)));
  const ranked = [...order.keys()].sort((i, j) => order[i] - order[j]);
  const values = new Float32Array(size);
  ranked.forEach((at, rank) => {
    values[at] = (3.4 * (rank + 0.37 + 0.1 * seed)) / size - 1.7;
  });
  return values;
}

type Shapes = readonly (readonly number[])[];

const weights = (shape: number[]): Tensor =>
  tf.reshape(
    tf.add(
      tf.sin(
        tf.mul(
          tf.range(
            0,
            shape.reduce((a, b) => a * b, 1),
          ),
          2.3,
        ),
      ),
      1.3,
    ),
    shape,
  );

const objective = (y: Tensor): Tensor => tf.sum(tf.mul(y, weights(y.shape)));

async function gradients(
  f: Case[0],
  shapes: Shapes,
  values: readonly Float32Array[],
): Promise<readonly Float32Array[]> {
  const xs = values.map((value, i) => tf.tensor(value, [...shapes[i]]));
  const found = onTape((collect) =>
    gradientsOf(objective(f(...xs)), xs).map((gradient) => collect(gradient as Tensor)),
  );
  const slopes = await Promise.all(found.map((gradient) => gradient.data<"float32">()));
  tf.dispose([...xs, ...found]);
  return slopes;
}

async function differences(
  f: Case[0],
  shapes: Shapes,
  values: readonly Float32Array[],
): Promise<readonly Float32Array[]> {
  const h = 1 / 256;
  const at = async (): Promise<number> => {
    const y = tf.tidy(() => {
      const outputs = f(...values.map((value, i) => tf.tensor(value, [...shapes[i]])));
      return tf.stack([tf.reshape(outputs, [-1]), tf.reshape(weights(outputs.shape), [-1])]);
    });
    const products = await (y as tf.Tensor2D).array();
    y.dispose();
    // Added in float64: a difference of float32 sums would lose what is measured.
    return products[0].reduce((sum, output, i) => sum + output * products[1][i], 0);
  };
  const slopes: Float32Array[] = [];
  for (const value of values) {
    const slope = new Float32Array(value.length);
    for (let i = 0; i < value.length; i++) {
      const middle = value[i];
      value[i] = middle + h;
      const above = await at();
      value[i] = middle - h;
      const below = await at();
      value[i] = middle;
      slope[i] = (above - below) / (2 * h);
    }
    slopes.push(slope);
  }
  return slopes;
}

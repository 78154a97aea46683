import * as tf from "@tensorflow/tfjs";
import { useBackend, type BackendName } from "@polytask/backend";

/** A function of tensors, with the inputs to differentiate it at. */
export interface Case {
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** The first input's numbers: any, all different by 0.5 at least, or all different and negative. */
  readonly first?: "any" | "distinct" | "negative";
}

const size = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

/** Numbers that look random and are the same in every run. */
export function numbers(shape: readonly number[], seed: number): Float32Array {
  return Float32Array.from(
    { length: size(shape) },
    (_, i) => 1.7 * Math.sin((i + 1) * (12.9898 + 3.1 * seed) + seed),
  );
}

export function tensor(shape: readonly number[], seed = 1): tf.Tensor {
  return tf.tensor(numbers(shape, seed), [...shape]);
}

function inputs({ shapes, first = "any" }: Case): Float32Array[] {
  return shapes.map((shape, k) => {
    if (k > 0 || first === "any") return numbers(shape, k + 1);
    const order = numbers(shape, 1);
    const ranked = [...order.keys()].sort((i, j) => order[i] - order[j]);
    const out = new Float32Array(order.length);
    ranked.forEach((at, rank) => {
      out[at] = 0.5 * (rank + 1) - (first === "negative" ? order.length : 0);
    });
    return out;
  });
}

const asTensors = (values: readonly Float32Array[], { shapes }: Case): tf.Tensor[] =>
  values.map((value, k) => tf.tensor(value, [...shapes[k]]));

/** The gradients of Σ w · f(inputs), for fixed uneven weights w, by tfjs on `backend`. */
export async function gradients(of: Case, backend: BackendName): Promise<Float32Array[]> {
  await useBackend(backend);
  const at = asTensors(inputs(of), of);
  const results = tf.tidy(() =>
    tf.grads((...xs: tf.Tensor[]) => {
      const y = of.f(...xs);
      return tf.sum(tf.mul(y, tensor(y.shape, 9)));
    })(at),
  );
  const values = await Promise.all(results.map((result) => result.data<"float32">()));
  tf.dispose([...at, ...results]);
  return values;
}

/** The same by central differences of the cpu forward pass, the weighted sum taken in float64. */
export async function differences(of: Case, h = 1 / 8): Promise<Float64Array[]> {
  await useBackend("cpu");
  const values = inputs(of);
  const forward = async (): Promise<number> => {
    const y = tf.tidy(() => of.f(...asTensors(values, of)));
    const weights = numbers(y.shape, 9);
    const outputs = await y.data<"float32">();
    y.dispose();
    return outputs.reduce((total, output, i) => total + output * weights[i], 0);
  };
  const slopes: Float64Array[] = [];
  for (const value of values) {
    const slope = new Float64Array(value.length);
    for (let i = 0; i < value.length; i++) {
      const middle = value[i];
      value[i] = middle + h;
      const above = await forward();
      value[i] = middle - h;
      const below = await forward();
      value[i] = middle;
      slope[i] = (above - below) / (2 * h);
    }
    slopes.push(slope);
  }
  return slopes;
}

type Vectors = readonly (Float32Array | Float64Array)[];

/** The largest |a − b| / max(1, |b|); infinite for different lengths, NaN for a NaN. */
export function deviation(a: Vectors, b: Vectors): number {
  const one = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
    x.length === y.length
      ? Math.max(
          0,
          ...Array.from(x, (value, i) =>
            value === y[i] ? 0 : Math.abs(value - y[i]) / Math.max(1, Math.abs(y[i])),
          ),
        )
      : Infinity;
  return a.length === b.length ? Math.max(...a.map((x, k) => one(x, b[k]))) : Infinity;
}

/** What must not grow: tensors, and buffers of the backend in use. */
export function held(): { readonly tensors: number; readonly buffers: number } {
  return { tensors: tf.memory().numTensors, buffers: tf.engine().backend.numDataIds() };
}

/** Leaves used memory behind for malloc to hand out again: a kernel that does not write its output is then seen. */
export function soil(): void {
  const used = [1, 2, 3, 4, 6, 8, 12, 24].flatMap((length) =>
    Array.from({ length: 20 }, () => tf.fill([length], 123.25)),
  );
  tf.dispose(used);
}

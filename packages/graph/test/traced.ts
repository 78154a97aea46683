import { Graph, type Node, type Shape, trace } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { evaluate, type Values } from "./evaluate.ts";

/** Numbers of a tensor, as tests write them down. */
export interface Numbers {
  readonly shape: Shape;
  readonly dtype: "float32" | "int32" | "bool";
  readonly values: Values;
}

export type Compute = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** Numbers that look random and are the same in every run; all apart from 0 and from one another. */
export function numbers(shape: Shape, seed = 1): Numbers {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from(
    { length: size },
    (_, i) => 1.7 * Math.sin((i + 1) * (12.9898 + 3.1 * seed) + seed),
  );
  return { shape, dtype: "float32", values };
}

export const ints = (values: readonly number[], shape: Shape = [values.length]): Numbers => ({
  shape,
  dtype: "int32",
  values: Int32Array.from(values),
});

export const bools = (values: readonly number[], shape: Shape = [values.length]): Numbers => ({
  shape,
  dtype: "bool",
  values: Uint8Array.from(values),
});

export const floats = (values: readonly number[], shape: Shape = [values.length]): Numbers => ({
  shape,
  dtype: "float32",
  values: Float32Array.from(values),
});

const listed = (result: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];

/** What tfjs computes on its cpu backend. */
export async function eager(
  compute: Compute,
  inputs: readonly Numbers[],
): Promise<readonly Numbers[]> {
  const results = tf.tidy(() => [
    ...listed(
      compute(...inputs.map(({ values, shape, dtype }) => tf.tensor(values, [...shape], dtype))),
    ),
  ]);
  const found: Numbers[] = [];
  for (const result of results) {
    const { shape, dtype } = result;
    found.push({ shape, dtype: dtype as "float32", values: await result.data<"float32">() });
  }
  tf.dispose(results);
  return found;
}

/** The nodes that the same code leaves behind when it is traced; input i is the memory "i". */
export function nodesOf(compute: Compute, inputs: readonly Numbers[]): readonly Node[] {
  const graph = new Graph();
  return trace((tracer) => {
    const views = inputs.map(({ shape, dtype }, i) => graph.view(String(i), 0, shape, dtype));
    const results = compute(...views.map((view) => tracer.tensor(view)));
    return listed(results).map((result) => tracer.nodeOf(result));
  }, graph);
}

/** What those nodes are worth. */
export async function traced(
  compute: Compute,
  inputs: readonly Numbers[],
): Promise<readonly Numbers[]> {
  const nodes = nodesOf(compute, inputs);
  const values = await evaluate(nodes, (space) => inputs[Number(space)].values);
  return nodes.map(({ shape, dtype }, i) => ({ shape, dtype, values: values[i] }));
}

/** The gradients of Σ w·f at every float32 input, for fixed uneven weights w. */
export const gradients =
  (compute: Compute): Compute =>
  (...inputs) => {
    const at = inputs.filter(({ dtype }) => dtype === "float32");
    const objective = (...xs: Tensor[]): Tensor => {
      const rest = [...xs];
      const given = inputs.map((input) =>
        input.dtype === "float32" ? (rest.shift() as Tensor) : input,
      );
      const results = listed(compute(...given)).filter(({ dtype }) => dtype === "float32");
      return tf.addN(results.map((result) => tf.sum(tf.mul(result, weights(result.shape)))));
    };
    return tf.grads(objective)(at);
  };

const weights = (shape: Shape): Tensor =>
  tf
    .add(
      tf.mul(
        tf.sin(
          tf.mul(
            tf.range(
              0,
              shape.reduce((a, b) => a * b, 1),
            ),
            2.3,
          ),
        ),
        0.8,
      ),
      1.1,
    )
    .reshape([...shape]);

/** The same by central differences of the forward pass on cpu. */
export async function differences(
  compute: Compute,
  inputs: readonly Numbers[],
  h: number,
): Promise<readonly Numbers[]> {
  const objective = async (at: readonly Numbers[]): Promise<number> => {
    const results = await eager(compute, at);
    let total = 0;
    for (const { shape, dtype, values } of results) {
      if (dtype !== "float32") continue;
      const [by] = await eager(() => weights(shape), []);
      values.forEach((value, i) => (total += value * by.values[i]));
    }
    return total;
  };
  const slopes: Numbers[] = [];
  for (const [k, input] of inputs.entries()) {
    if (input.dtype !== "float32") continue;
    const slope = new Float32Array(input.values.length);
    for (let i = 0; i < slope.length; i++) {
      const moved = (by: number): Promise<number> => {
        const values = Float32Array.from(input.values);
        values[i] += by;
        return objective(inputs.map((other, j) => (j === k ? { ...input, values } : other)));
      };
      slope[i] = ((await moved(h)) - (await moved(-h))) / (2 * h);
    }
    slopes.push({ ...input, values: slope });
  }
  return slopes;
}

/** The largest |a − b| / max(1, |b|); infinite where shapes or types differ. */
export function deviation(found: readonly Numbers[], expected: readonly Numbers[]): number {
  if (found.length !== expected.length) return Infinity;
  return Math.max(
    0,
    ...found.map((a, k) => {
      const b = expected[k];
      if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return Infinity;
      if (a.values.length !== b.values.length) return Infinity;
      return Math.max(0, ...Array.from(a.values, (value, i) => apart(value, b.values[i])));
    }),
  );
}

function apart(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  return Math.abs(a - b) / Math.max(1, Math.abs(b));
}

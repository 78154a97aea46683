import {
  type ElementwiseOptimizer,
  type OpaqueOptimizer,
  type OptimizerPlugin,
  type ParameterInfo,
  type Scope,
  seededRandom,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";

export const info = (over: Partial<ParameterInfo> = {}): ParameterInfo => ({
  name: "architecture/kernel",
  shape: [4],
  layout: "dense",
  tasks: ["a", "b"],
  owner: "architecture",
  ...over,
});

/** A scope with a disposal list of its own. */
export function testScope(): Scope & { readonly dispose: () => void } {
  const disposals: (() => void)[] = [];
  return {
    tasks: ["a", "b"],
    task: () => {
      throw new Error("no optimizer reads tasks");
    },
    random: seededRandom(0),
    clock: () => 0,
    logger: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    resolve: () => {
      throw new Error("no optimizer resolves tokens");
    },
    variable: (initial, trainable = true) => {
      const variable = tf.tidy(() => tf.variable(initial(), trainable));
      disposals.push(() => {
        variable.dispose();
      });
      return variable;
    },
    onDispose: (dispose) => {
      disposals.push(dispose);
    },
    dispose: () => {
      for (const dispose of disposals.splice(0).reverse()) dispose();
    },
  };
}

export async function makeElementwise(plugin: OptimizerPlugin): Promise<ElementwiseOptimizer> {
  const made = await plugin.create(testScope());
  if (!("update" in made)) throw new Error("expected an element-wise optimizer");
  return made;
}

export async function makeOpaque(plugin: OptimizerPlugin, scope: Scope): Promise<OpaqueOptimizer> {
  const made = await plugin.create(scope);
  if ("update" in made) throw new Error("expected an opaque optimizer");
  return made;
}

/** Runs one parameter through a list of gradients as an engine would; null is a step without its tasks. */
export async function drive(
  plugin: OptimizerPlugin,
  start: readonly number[],
  gradients: readonly (readonly number[] | null)[],
  parameter: ParameterInfo = info(),
): Promise<number[][]> {
  const optimizer = await makeElementwise(plugin);
  let value: tf.Tensor = tf.tensor1d([...start]);
  let slots: readonly tf.Tensor[] = optimizer.slots.map(() => tf.zerosLike(value));
  let count = 0;
  const path: number[][] = [];
  for (const [step, gradient] of gradients.entries()) {
    if (gradient !== null) {
      count += 1;
      const rate = optimizer.rate(step);
      const [next, ...after] = tf.tidy(() => {
        const scalars = optimizer.scalars({ count, rate, parameter }).map((x) => tf.scalar(x));
        const updated = optimizer.update(value, tf.tensor1d([...gradient]), slots, scalars);
        return [updated.value, ...updated.slots];
      });
      tf.dispose([value, ...slots]);
      value = next;
      slots = after;
    }
    path.push(Array.from(await value.data()));
  }
  tf.dispose([value, ...slots]);
  return path;
}

/** The largest |a − b| / max(|b|, least) over all elements. */
export const worst = (
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
  least: number,
): number =>
  Math.max(
    ...b.flatMap((row, i) =>
      row.map((expected, j) => Math.abs(a[i][j] - expected) / Math.max(Math.abs(expected), least)),
    ),
  );

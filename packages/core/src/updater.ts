import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";
import type { EngineState } from "./engine.ts";
import type { OwnedParameter } from "./network.ts";
import type { Clip, ElementwiseOptimizer, Optimizer } from "./optimizer.ts";
import type { SavedTensor } from "./state.ts";

/** A parameter and its combined gradient; null where none of its tasks is present, and then nothing of it moves. */
export interface Update {
  readonly parameter: OwnedParameter;
  readonly gradient: Tensor | null;
}

/** An update with the numbers that go into it. */
interface Planned {
  readonly parameter: OwnedParameter;
  readonly gradient: Tensor;
  readonly count: number;
  readonly numbers: readonly number[];
}

/** Runs an optimizer and keeps its books. */
export interface Updater {
  /** Consumes no tensor. */
  readonly apply: (updates: readonly Update[], rate: number) => void;
  readonly save: () => Promise<EngineState>;
  readonly load: (state: EngineState) => Promise<void>;
  readonly dispose: () => void;
}

export const createUpdater = (optimizer: Optimizer): Updater =>
  "update" in optimizer ? elementwise(optimizer) : opaque(optimizer);

function elementwise(optimizer: ElementwiseOptimizer): Updater {
  const slots = new Map<string, readonly Tensor[]>();
  const counts = new Map<string, number>();

  const applyOne = ({ parameter, gradient, count, numbers }: Planned): void => {
    const { name } = parameter.info;
    const before = slots.get(name);
    const after = tf.tidy(() => {
      const zeros = before ?? optimizer.slots.map(() => tf.zerosLike(parameter.variable));
      const scalars = numbers.map((value): Scalar => tf.scalar(value));
      const updated = optimizer.update(parameter.variable, gradient, zeros, scalars);
      const lazy = optimizer.rows === "lazy" && parameter.info.layout === "rows";
      const next = lazy
        ? onTouchedRows(gradient, updated, { value: parameter.variable, slots: zeros })
        : updated;
      parameter.variable.assign(next.value);
      // Clones: an update may hand back the gradient, or a slot as it was.
      return next.slots.map((slot) => tf.keep(tf.clone(slot)));
    });
    if (before) tf.dispose([...before]);
    slots.set(name, after);
    counts.set(name, count);
  };

  return {
    apply: (updates, rate) => {
      tf.tidy(() => {
        // All numbers before the first assignment: a user's schedule may throw.
        const planned = clipped(updates, optimizer.clip).flatMap(({ parameter, gradient }) => {
          if (gradient === null) return [];
          const count = (counts.get(parameter.info.name) ?? 0) + 1;
          const numbers = optimizer.scalars({ count, rate, parameter: parameter.info });
          return [{ parameter, gradient, count, numbers }];
        });
        planned.forEach(applyOne);
      });
    },
    save: async () => {
      const tensors: Record<string, SavedTensor> = {};
      for (const [name, values] of slots) {
        for (const [i, slot] of optimizer.slots.entries()) {
          tensors[`${name}/${slot}`] = await readTensor(values[i]);
        }
      }
      return { tensors, counts: Object.fromEntries(counts) };
    },
    load: (state) => {
      for (const values of slots.values()) tf.dispose([...values]);
      slots.clear();
      counts.clear();
      for (const [name, count] of Object.entries(state.counts)) {
        counts.set(name, count);
        slots.set(
          name,
          optimizer.slots.map((slot) => makeTensor(state.tensors[`${name}/${slot}`])),
        );
      }
      return Promise.resolve();
    },
    dispose: () => {
      for (const values of slots.values()) tf.dispose([...values]);
      slots.clear();
    },
  };
}

/** A parameter's value and its slots. */
type Books = ReturnType<ElementwiseOptimizer["update"]>;

/** `updated` in the rows whose gradient is not all 0, `before` in the others. */
export function onTouchedRows(gradient: Tensor, updated: Books, before: Books): Books {
  const { shape } = gradient;
  const largest = tf.max(tf.reshape(tf.abs(gradient), [shape[0], -1]), 1);
  const column = tf.reshape(tf.cast(tf.greater(largest, 0), "int32"), [
    shape[0],
    ...shape.slice(1).map(() => 1),
  ]);
  const touched = tf.cast(tf.broadcastTo(column, shape), "bool");
  return {
    value: tf.where(touched, updated.value, before.value),
    slots: updated.slots.map((slot, i) => tf.where(touched, slot, before.slots[i])),
  };
}

function opaque(optimizer: Exclude<Optimizer, ElementwiseOptimizer>): Updater {
  return {
    apply: (updates) => {
      tf.tidy(() => {
        optimizer.apply(
          clipped(updates, optimizer.clip).map(({ parameter, gradient }) => ({
            name: parameter.info.name,
            variable: parameter.variable,
            gradient,
          })),
        );
      });
    },
    save: async () => {
      const tensors: Record<string, SavedTensor> = {};
      for (const { name, tensor } of (await optimizer.tensors?.()) ?? []) {
        tensors[name] = await readTensor(tensor);
      }
      return { tensors, counts: {} };
    },
    load: async (state) => {
      const tensors = Object.entries(state.tensors).map(([name, saved]) => ({
        name,
        tensor: makeTensor(saved),
      }));
      try {
        await optimizer.restoreTensors?.(tensors);
      } finally {
        tf.dispose(tensors.map(({ tensor }) => tensor));
      }
    },
    dispose: () => undefined,
  };
}

/** Limits the whole gradient's norm, then every element; inside a tidy. */
function clipped(updates: readonly Update[], clip: Clip | undefined): readonly Update[] {
  if (clip === undefined) return updates;
  const gradients = updates.flatMap(({ gradient }) => (gradient === null ? [] : [gradient]));
  if (gradients.length === 0) return updates;
  const { norm, value } = clip;
  const scale =
    norm === undefined
      ? undefined
      : tf.minimum(
          tf.div(norm, tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))))),
          1,
        );
  return updates.map(({ parameter, gradient }) => {
    if (gradient === null) return { parameter, gradient };
    const scaled = scale === undefined ? gradient : tf.mul(gradient, scale);
    return {
      parameter,
      gradient: value === undefined ? scaled : tf.clipByValue(scaled, -value, value),
    };
  });
}

/** A tensor's shape and values. */
export async function readTensor(tensor: Tensor): Promise<SavedTensor> {
  return { shape: tensor.shape, values: Float32Array.from(await tensor.data()) };
}

/** A float32 tensor from its saved form. */
export const makeTensor = (saved: SavedTensor): Tensor =>
  tf.tensor(saved.values, [...saved.shape], "float32");

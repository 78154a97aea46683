import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { batchesOf, type Examples } from "./examples.ts";
import type { StepPlace } from "./pass.ts";
import type { PerTask } from "./tasks.ts";
import type { Wired } from "./wire.ts";

/** How inputs are read. */
interface Reading {
  readonly place: StepPlace;
  readonly batchSize: number;
}

/** Predictions of one batch after another, each through its task's `link`. */
async function* predictions<Name extends string>(
  { network, engine }: Wired<Name>,
  examples: Examples<Name>,
  names: readonly Name[],
  { place, batchSize }: Reading,
): AsyncGenerator<readonly Tensor[]> {
  for (const batch of batchesOf(examples, batchSize)) {
    const scores = await engine.scores(batch, place);
    try {
      yield tf.tidy(() => names.map((name) => network.task[name].link(scores[name] as Tensor)));
    } finally {
      tf.dispose(Object.values(scores) as Tensor[]);
    }
  }
}

/** Per task one array [rows × width]. */
export async function predictArrays<Name extends string, Wanted extends Name>(
  wired: Wired<Name>,
  examples: Examples<Name>,
  names: readonly Wanted[],
  reading: Reading,
): Promise<PerTask<Wanted, Float32Array>> {
  const results: (Float32Array | undefined)[] = names.map(() => undefined);
  let done = 0;
  for await (const batch of predictions(wired, examples, names, reading)) {
    try {
      for (const [i, tensor] of batch.entries()) {
        const width = tensor.size / tensor.shape[0];
        results[i] ??= new Float32Array(examples.rows * width);
        results[i].set(await tensor.data(), done * width);
      }
      done += batch[0]?.shape[0] ?? 0;
    } finally {
      tf.dispose([...batch]);
    }
  }
  return Object.fromEntries(names.map((name, i) => [name, results[i]])) as PerTask<
    Wanted,
    Float32Array
  >;
}

/** Per task one tensor [rows, …], the caller's to dispose. */
export async function predictTensors<Name extends string, Wanted extends Name>(
  wired: Wired<Name>,
  examples: Examples<Name>,
  names: readonly Wanted[],
  reading: Reading,
): Promise<PerTask<Wanted, Tensor>> {
  const batches: (readonly Tensor[])[] = [];
  try {
    for await (const batch of predictions(wired, examples, names, reading)) batches.push(batch);
    return Object.fromEntries(
      names.map((name, i) => [name, tf.tidy(() => tf.concat(batches.map((batch) => batch[i])))]),
    ) as PerTask<Wanted, Tensor>;
  } finally {
    tf.dispose(batches.flat());
  }
}

import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor1D } from "@tensorflow/tfjs";
import {
  brokenPart,
  type EpochReport,
  type PerTask,
  type StepReport,
  type Task,
  type Weighting,
  type WeightingPlugin,
} from "@polytask/core";
import { testStep, type TestStep } from "./pass.ts";
import { sampleTasks, testScope, type TestScope } from "./scope.ts";

export interface WeightingRunOptions {
  /** Default: `sampleTasks`. */
  readonly tasks?: PerTask<string, Task>;
  readonly seed?: number;
  /** Learning rate of the weighting's own variables. Default 0.1. */
  readonly rate?: number;
  readonly onCall?: (call: string) => void;
}

/** What one step brings: a number per task of the run, in its order. */
export interface WeightingStep {
  /** Raw losses; what stands at an absent task is put in its slot, where a trainer puts 1. */
  readonly losses: readonly number[];
  /** Default: all present. */
  readonly present?: readonly boolean[];
  /** ‖∇_W L_k‖ of raw losses at the last shared layer. Default: all 1. */
  readonly lastSharedNorms?: readonly number[];
  /** The step is the last of its epoch. */
  readonly endsEpoch?: boolean;
}

/** What the weighting made of it, per task. */
export interface Weighed {
  /** weigh(L). */
  readonly weighted: readonly number[];
  /** Effective weights c = ∂(Σ weigh(L))/∂L over the present tasks; 0 at absent ones. */
  readonly weights: readonly number[];
  /** What `pass.host` read, by key. */
  readonly host: Readonly<Record<string, readonly number[]>>;
}

export interface WeightingPlace {
  readonly step: number;
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly sums: readonly { readonly loss: number; readonly steps: number }[];
}

/** A weighting made for one run, to be stepped by hand. */
export interface WeightingRun {
  readonly scope: TestScope;
  readonly part: Weighting;
  /** Weighs, descends the weighting's variables on Σ weigh(L), and tells `observe`, as a trainer does. */
  readonly step: (step: WeightingStep) => Promise<Weighed>;
  /** Where the run stands, the trainer's sums of the epoch included; `resume` takes it up in another run. */
  readonly place: () => WeightingPlace;
  readonly resume: (place: WeightingPlace) => void;
  /** weigh and its gradient alone, in a step of one's own. */
  readonly evaluate: (step: WeightingStep, inputs: TestStep) => Promise<Weighed>;
  readonly dispose: () => void;
}

/** Makes a weighting without a trainer; frees what it made where making it fails. */
export async function prepareWeighting(
  plugin: WeightingPlugin,
  options: WeightingRunOptions = {},
): Promise<WeightingRun> {
  const tasks: PerTask<string, Task> = options.tasks ?? sampleTasks;
  const { seed = 0, rate = 0.1, onCall = () => undefined } = options;
  const scope = testScope(tasks, { seed, onCall });
  const names = scope.tasks;
  const noise = scope.random("pass/noise");
  let part: Weighting;
  try {
    part = await plugin.create(scope);
  } catch (error) {
    scope.dispose();
    throw error;
  }
  const variables = (part.variables ?? []).map(({ variable }) => variable);
  const nothing = names.map(() => ({ loss: 0, steps: 0 }));
  // Only outside the gradient: where its function throws, tfjs itself leaves what the tape saved.
  let listening = true;
  const heard = (call: string): void => {
    if (listening) onCall(call);
  };
  let place: WeightingPlace = { step: 0, epoch: 0, stepInEpoch: 0, sums: nothing };

  const evaluate = async (
    step: WeightingStep,
    inputs: TestStep,
    descend = false,
  ): Promise<Weighed> => {
    const flags = names.map((_, k) => ((step.present?.[k] ?? true) ? 1 : 0));
    const results = tf.tidy(() => {
      const present = tf.tensor1d(flags);
      const losses = tf.variable(tf.tensor1d([...step.losses]));
      try {
        const read = (): Tensor1D => {
          const result = part.weigh(tf.clone(losses), present, inputs.pass(names));
          if (result.shape.join() !== `${names.length}`) {
            throw brokenPart(
              plugin.name,
              `weigh must return [${names.length}]`,
              `got [${result.shape.join(", ")}]`,
            );
          }
          return result;
        };
        const weighted = read();
        listening = false;
        const objective = (): Scalar =>
          tf.sum(tf.where(tf.tensor1d(flags, "bool"), read(), tf.zerosLike(present)));
        const { grads } = tf.variableGrads(objective, [losses, ...variables]);
        if (descend) {
          (part.variables ?? []).forEach(({ variable, tasks: owners }) => {
            const gradient = variable.name in grads ? grads[variable.name] : undefined;
            const moves = owners.some((owner) => flags[names.indexOf(owner)] === 1);
            if (gradient && moves) variable.assign(tf.sub(variable, tf.mul(gradient, rate)));
          });
          inputs.commit();
        }
        const weights =
          losses.name in grads ? tf.mul(grads[losses.name], present) : tf.zerosLike(present);
        return { weighted: tf.keep(tf.clone(weighted)), weights: tf.keep(tf.clone(weights)) };
      } finally {
        listening = true;
        losses.dispose();
      }
    });
    const [weighted, weights] = [await results.weighted.data(), await results.weights.data()];
    tf.dispose([results.weighted, results.weights]);
    return {
      weighted: [...weighted],
      weights: [...weights],
      host: Object.fromEntries(inputs.host),
    };
  };

  const step = async (at: WeightingStep): Promise<Weighed> => {
    const inputs = testStep<string>({
      noise,
      onCall: heard,
      at: { step: place.step, epoch: place.epoch },
    });
    const result = await evaluate(at, inputs, true);
    const here = names.map((_, k) => at.present?.[k] ?? true);
    const ofPresent = (values: ArrayLike<number>): Record<string, number> =>
      Object.fromEntries(names.flatMap((name, k) => (here[k] ? [[name, values[k]]] : [])));
    const norms = at.lastSharedNorms ?? names.map(() => 1);
    const rows = names.flatMap((_, k) => (here[k] ? [result.weights[k] * norms[k]] : []));
    const { step: number, epoch: round, stepInEpoch } = place;
    const report: StepReport = {
      step: number,
      epoch: round,
      stepInEpoch,
      stepsInEpoch: 3,
      present: names.filter((_, k) => here[k]),
      counts: ofPresent(names.map(() => 8)),
      losses: ofPresent(at.losses),
      weights: ofPresent(result.weights),
      ...(part.needs?.gramian && {
        gramian: rows.map((x, i) => rows.map((y, j) => (i === j ? 1 : 0.1) * x * y)),
      }),
      ...(part.needs?.lastSharedNorms && { lastSharedNorms: ofPresent(norms) }),
      rate,
      milliseconds: 1,
    };
    await part.observe?.(report);
    const sums = place.sums.map(({ loss, steps }, k) =>
      here[k] ? { loss: loss + at.losses[k], steps: steps + 1 } : { loss, steps },
    );
    place = { ...place, step: place.step + 1, stepInEpoch: place.stepInEpoch + 1, sums };
    if (at.endsEpoch) {
      const means = names.flatMap((name, k) =>
        sums[k].steps > 0 ? [[name, sums[k].loss / sums[k].steps]] : [],
      );
      const epoch: EpochReport = {
        epoch: place.epoch,
        step: place.step,
        losses: Object.fromEntries(means) as Record<string, number>,
        milliseconds: 3,
        state: () => Promise.reject(new Error("a weighting by hand has no trainer")),
      };
      part.observeEpoch?.(epoch);
      place = { ...place, epoch: place.epoch + 1, stepInEpoch: 0, sums: nothing };
    }
    return result;
  };
  const resume = (from: WeightingPlace): void => {
    place = from;
  };
  return { scope, part, step, evaluate, place: () => place, resume, dispose: scope.dispose };
}

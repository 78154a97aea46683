import * as tf from "@tensorflow/tfjs";
import { applyProx } from "./prox.ts";
import { combine, lastSharedNorms } from "./combine.ts";
import { eagerPass } from "./eager-pass.ts";
import type { Applied, Engine, EnginePlugin, StepInfo } from "./engine.ts";
import { nonFinite, nonFiniteGradient } from "./errors.ts";
import { emptyGathering, gatherGroup, type Gathering, release } from "./gather.ts";
import { scoresOf, toTensors } from "./losses.ts";
import type { Network } from "./network.ts";
import { CONTRACT } from "./plugin.ts";
import { seededRandom } from "./random.ts";
import { reduceGathering } from "./reduce.ts";
import type { SomeTasks } from "./tasks.ts";
import { createUpdater, type Update } from "./updater.ts";
import { weightsOf } from "./weigh.ts";

/** Runs every step at once, op by op, on the tfjs backend in use. The identity of engines, and the default. */
export function eager<Name extends string>(): EnginePlugin<Name> {
  return {
    kind: "engine",
    name: "engine-eager",
    contract: CONTRACT,
    create: ({ network }) => eagerEngine(network),
  };
}

function eagerEngine<Name extends string>(network: Network<Name>): Engine<Name> {
  const { tasks, optimizer } = network;
  const updater = createUpdater(optimizer);
  let current: Gathering | undefined;
  const discard = (): void => {
    if (current) release(current);
    current = undefined;
  };

  const apply = async (gathered: Gathering, info: StepInfo): Promise<Applied<Name>> => {
    await reduceGathering(gathered, network);
    const present = tasks.flatMap((_, k) => (info.counts[k] > 0 ? [k] : []));
    const rate = optimizer.rate(info.step);
    const losses = Array.from(await gathered.losses.data());
    for (const k of present) {
      if (!Number.isFinite(losses[k])) throw nonFinite("loss", tasks[k], info.step, losses[k]);
    }
    if (present.length === 0) return { losses: {}, weights: {}, rate };

    gathered.weighed ??= weightsOf(network, gathered.losses, info);
    const weights = Array.from(await gathered.weighed.weights.data());
    for (const k of present) {
      if (!Number.isFinite(weights[k])) throw nonFinite("weight", tasks[k], info.step, weights[k]);
    }
    const norms = network.needs.lastSharedNorms
      ? await lastSharedNorms(network, gathered)
      : undefined;
    const { updates, gramian } = await combine(network, gathered, {
      present,
      weights,
      losses,
      info,
    });
    try {
      await checkFinite(updates, info.step);
      updater.apply(updates, rate);
    } finally {
      tf.dispose(updates.flatMap(({ gradient }) => gradient ?? []));
    }
    assignMeans(gathered);
    await applyProx(network, present, rate, info);
    const perTask = <Value>(values: readonly Value[]): SomeTasks<Name, Value> =>
      Object.fromEntries(present.map((k) => [tasks[k], values[k]])) as SomeTasks<Name, Value>;
    return {
      losses: perTask(losses),
      weights: perTask(weights),
      ...(gramian && { gramian }),
      ...(norms && { lastSharedNorms: perTask(norms) }),
      rate,
    };
  };

  return {
    offers: [],
    gather: (batch, info) => {
      gatherGroup(network, (current ??= emptyGathering(network)), batch, info);
    },
    apply: async (info) => {
      try {
        return await apply((current ??= emptyGathering(network)), info);
      } finally {
        discard();
      }
    },
    discard,
    scores: (batch, place) =>
      tf.tidy(() => {
        // A fresh stream each time: what is drawn outside training leaves training's stream alone.
        const { pass } = eagerPass({
          tasks: batch.tasks,
          training: false,
          place,
          noise: seededRandom(0)("evaluation"),
        });
        const outputs = scoresOf(network, toTensors(batch).columns, batch.size, pass);
        return Object.fromEntries(pass.tasks.map((name) => [name, outputs[name]])) as SomeTasks<
          Name,
          tf.Tensor
        >;
      }),
    save: updater.save,
    load: updater.load,
    dispose: () => {
      discard();
      updater.dispose();
    },
  };
}

/**
 * A loss may be finite and its gradient not. One sum per parameter finds it before anything moves: a NaN or an infinity
 * among the terms shows in the sum.
 */
async function checkFinite(updates: readonly Update[], step: number): Promise<void> {
  const moving = updates.filter(({ gradient }) => gradient !== null);
  const sums = tf.tidy(() => tf.stack(moving.map(({ gradient }) => tf.sum(gradient as tf.Tensor))));
  const values = await sums.data();
  sums.dispose();
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const { name, tasks } = moving[bad].parameter.info;
    throw nonFiniteGradient(name, tasks, step);
  }
}

/** Sets every assigned variable to the mean of what the step's groups assigned. */
function assignMeans(gathered: Gathering): void {
  tf.tidy(() => {
    for (const [variable, values] of gathered.assigned) {
      variable.assign(tf.div(tf.addN(values), values.length));
    }
  });
}

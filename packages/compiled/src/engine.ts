import type { Applied, Engine, Matrix, Network, SomeTasks, StepInfo } from "@polytask/core";
import { needsRows, nonFinite } from "@polytask/core/engine";
import { layoutOf } from "@polytask/graph";
import { movingFinder } from "./combine.ts";
import { createCompiled } from "./compiled.ts";
import type { CompileReport } from "./compiler.ts";
import {
  createApplying,
  createStore,
  devicePlan,
  holdOnDevice,
  segmentsOf,
} from "./device/index.ts";
import { editRows } from "./edit.ts";
import { hostPlan } from "./gather.ts";
import { createGatherer } from "./gatherer.ts";
import { holdInMemory } from "./in-memory.ts";
import { checkLean, checkLeanStep } from "./lean.ts";
import { lastSharedNorms, operate, type Standing } from "./operate.ts";
import { reduceGathered } from "./reduce.ts";
import type { CompiledSettings, Runtime } from "./runtime.ts";
import { createScorer, type Scorer } from "./scores.ts";
import { readVariables } from "./state.ts";
import type { Counts } from "./update.ts";
import { weigh } from "./weigh.ts";
import { ONE_GROUP } from "./wishes.ts";

/**
 * Runs every step as a few compiled graphs, with surgery and the optimizer's books on the host. The runtime is the engine's
 * own, which closes it when it is disposed of.
 */
export async function createCompiledEngine<Name extends string>(
  network: Network<Name>,
  runtime: Runtime,
  settings: CompiledSettings,
  report: (report: CompileReport) => void,
): Promise<Engine<Name>> {
  const { optimizer, tasks } = network;
  const { lean } = settings;
  if (lean) checkLean(network);
  const device = settings.device ? runtime.device : undefined;
  const onDevice = device && "update" in optimizer ? optimizer : undefined;
  const layout = layoutOf(network, lean || onDevice ? "gramians" : "rows");
  const store =
    device &&
    onDevice &&
    createStore(segmentsOf(network, layout, { slots: onDevice.slots, lean }), device.tensor);
  const compiled = createCompiled(network, layout, settings, {
    wish: { rows: needsRows(network, ONE_GROUP), staging: false, lookups: { ids: 0, updates: 0 } },
    loader: store && device ? device.loader(store) : runtime.loader,
    report,
  });
  await readVariables(layout, compiled.memory);
  const counts: Counts = new Map();
  const applying =
    onDevice &&
    store &&
    createApplying(network, onDevice, layout, compiled, {
      store,
      stored: !lean,
      counts,
    });
  const plan =
    store && applying
      ? devicePlan(network, layout, store.segments, applying.continuation)
      : hostPlan(layout);
  const gatherer = createGatherer(network, layout, compiled, plan);
  const holding =
    onDevice && store && applying
      ? holdOnDevice(network, onDevice, layout, compiled, {
          store,
          applying,
          counts,
          gatherer,
          lean,
        })
      : holdInMemory(network, layout, compiled, gatherer, { lean });
  const movingOf = movingFinder(network, layout);

  const apply = async (info: StepInfo): Promise<Applied<Name>> => {
    gatherer.finish();
    const { memory } = compiled;
    await reduceGathered(network, memory);
    const present = tasks.flatMap((_, k) => (info.counts[k] > 0 ? [k] : []));
    const rate = optimizer.rate(info.step);
    const losses = finite("loss", Array.from(memory.losses), present, info.step);
    if (present.length === 0) return { losses: {}, weights: {}, rate };

    const rows = needsRows(network, info);
    if (rows && !plan.weighs) await weigh(network, layout, compiled, info);
    const weights = finite("weight", Array.from(memory.weights), present, info.step);
    const norms = network.needs.lastSharedNorms
      ? lastSharedNorms(network, layout, memory)
      : undefined;
    const gramian = rows ? await mixRows({ present, weights, losses, info }) : undefined;
    await holding.move(movingOf(present, gatherer.tables()), rate, info);
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

  /** Surgery, and the gradient that it makes of the rows. */
  const mixRows = async (standing: Standing): Promise<Matrix | undefined> => {
    const { memory } = compiled;
    const { mixing, gramian } = await operate(
      network,
      layout,
      memory,
      standing,
      (surgery, blocks, before) =>
        editRows(network, layout, compiled, {
          surgery,
          blocks,
          mixing: before,
          standing,
          assigned: gatherer.assigned,
        }),
    );
    await holding.combine(standing, mixing);
    return gramian;
  };

  const finite = (
    what: "loss" | "weight",
    values: readonly number[],
    present: readonly number[],
    step: number,
  ): readonly number[] => {
    for (const k of present) {
      if (!Number.isFinite(values[k])) throw nonFinite(what, tasks[k], step, values[k]);
    }
    return values;
  };

  const reset = (): void => {
    gatherer.reset();
    holding.reset();
  };

  return {
    offers: [],
    gather: (batch, info) => {
      if (lean) checkLeanStep(info);
      return gatherer.gather(batch, info);
    },
    apply: async (info) => {
      try {
        return await apply(info);
      } finally {
        reset();
      }
    },
    discard: reset,
    scores: async (batch, place) => {
      const key = JSON.stringify([batch.size, batch.tasks, Object.keys(batch.columns)]);
      const scorer = await compiled.once<Scorer<Name>>(`scores ${key}`, () =>
        createScorer(network, layout, compiled, batch),
      );
      return scorer.score(batch, place);
    },
    flush: holding.flush,
    save: holding.save,
    load: holding.load,
    dispose: () => {
      holding.dispose();
      void compiled.release().finally(() => runtime.close());
    },
  };
}

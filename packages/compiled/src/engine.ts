import type { Applied, Engine, Matrix, Network, SomeTasks, StepInfo } from "@polytask/core";
import { needsRows, nonFinite } from "@polytask/core/engine";
import { movingFinder } from "./combine.ts";
import type { CompileReport } from "./compiler.ts";
import { placeOnDevice } from "./device/index.ts";
import { editRows } from "./edit.ts";
import { placeInMemory } from "./in-memory.ts";
import { checkLean, checkLeanStep } from "./lean.ts";
import { lastSharedNorms, operate, type Standing } from "./operate.ts";
import { reduceGathered } from "./reduce.ts";
import type { CompiledSettings, Runtime } from "./runtime.ts";
import { createScorer, type Scorer } from "./scores.ts";
import { weigh } from "./weigh.ts";

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
  const options = { settings, report };
  const { layout, compiled, plan, gatherer, holding } =
    device && "update" in optimizer
      ? await placeOnDevice(network, optimizer, device, options)
      : await placeInMemory(network, runtime.loader, options);
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

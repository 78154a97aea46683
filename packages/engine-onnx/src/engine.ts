import type { Applied, Engine, Matrix, Network, SomeTasks, StepInfo } from "@polytask/core";
import { needsRows, nonFinite } from "@polytask/core/engine";
import { layoutOf } from "@polytask/graph";
import { combineLean } from "./combine-lean.ts";
import { checkGradients, combineRows, finishGradients, movingFinder } from "./combine.ts";
import { createCompiled } from "./compiled.ts";
import type { CompileReport } from "./compiler.ts";
import { editRows } from "./edit.ts";
import { takeAssigned } from "./gather.ts";
import { createGatherer } from "./gatherer.ts";
import { checkLean, checkLeanStep } from "./lean.ts";
import { lastSharedNorms, operate, type Standing } from "./operate.ts";
import type { OnnxSettings } from "./options.ts";
import { applyProx } from "./prox.ts";
import { reduceGathered } from "./reduce.ts";
import { createScorer, type Scorer } from "./scores.ts";
import type { Host } from "./session/index.ts";
import { readVariables, writeVariables } from "./state.ts";
import { createUpdating } from "./updating.ts";
import { weigh } from "./weigh.ts";

/** Runs every step as a few compiled graphs, with surgery and the optimizer's books on the host. */
export async function createOnnxEngine<Name extends string>(
  network: Network<Name>,
  host: Host,
  settings: OnnxSettings,
  report: (report: CompileReport) => void,
): Promise<Engine<Name>> {
  const { optimizer, tasks } = network;
  const { lean } = settings;
  if (lean) checkLean(network);
  const layout = layoutOf(network, lean ? "gramians" : "rows");
  const compiled = createCompiled(network, layout, settings, {
    wish: { rows: needsRows(network, ONE_GROUP), staging: false, lookups: { ids: 0, updates: 0 } },
    host,
    report,
  });
  await readVariables(layout, compiled.memory);
  const gatherer = createGatherer(network, layout, compiled);
  const updating = createUpdating(network, layout, compiled);
  const movingOf = movingFinder(network, layout);
  let behind = false;

  const apply = async (info: StepInfo): Promise<Applied<Name>> => {
    gatherer.finish();
    const { memory } = compiled;
    await reduceGathered(network, memory);
    const present = tasks.flatMap((_, k) => (info.counts[k] > 0 ? [k] : []));
    const rate = optimizer.rate(info.step);
    const losses = finite("loss", Array.from(memory.losses), present, info.step);
    if (present.length === 0) return { losses: {}, weights: {}, rate };

    const rows = needsRows(network, info);
    if (rows) await weigh(network, layout, compiled, info);
    const weights = finite("weight", Array.from(memory.weights), present, info.step);
    const norms = network.needs.lastSharedNorms
      ? lastSharedNorms(network, layout, memory)
      : undefined;
    const gramian = rows ? await mixRows({ present, weights, losses, info }) : undefined;
    const moving = movingOf(present, gatherer.tables());
    checkGradients(memory, moving, info.step);
    await updating.apply(moving, rate);
    takeAssigned(layout, memory, gatherer.assigned);
    await applyProx(network, layout, compiled, { moving, rate, place: info });
    behind = true;
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
    if (lean) await combineLean(layout, compiled, gatherer.gathered(), standing, mixing);
    else combineRows(layout, memory, standing, mixing);
    finishGradients(network, layout, memory, standing, gatherer.tables());
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
        gatherer.reset();
      }
    },
    discard: gatherer.reset,
    scores: async (batch, place) => {
      const key = JSON.stringify([batch.size, batch.tasks, Object.keys(batch.columns)]);
      const scorer = await compiled.once<Scorer<Name>>(`scores ${key}`, () =>
        createScorer(network, layout, compiled, batch),
      );
      return scorer.score(batch, place);
    },
    flush: () => {
      if (behind) writeVariables(layout, compiled.memory);
      behind = false;
    },
    save: updating.save,
    load: async (state) => {
      await readVariables(layout, compiled.memory);
      await updating.load(state);
      behind = false;
    },
    dispose: () => {
      updating.dispose();
      void compiled.release().finally(() => host.close());
    },
  };
}

/** What every trainer's steps need at least. */
const ONE_GROUP: StepInfo = { step: 0, epoch: 0, counts: [], groups: 1 };

import {
  type Applied,
  type Batch,
  type Engine,
  type Network,
  type SomeTasks,
  type StepInfo,
} from "@polytask/core";
import { needsRows, nonFinite } from "@polytask/core/engine";
import {
  type GatherStep,
  type GatherWish,
  type GroupShape,
  type Layout,
  layoutOf,
  recordGather,
  traceGather,
} from "@polytask/graph";
import { checkGradients, combineRows, movingOf } from "./combine.ts";
import { compile, type Compilable, type CompileReport, type Wiring } from "./compiler.ts";
import { editRows } from "./edit.ts";
import {
  fillGroup,
  gatherTargets,
  groupShape,
  groupSpaces,
  shapeKey,
  takeAssigned,
} from "./gather.ts";
import { fillPass } from "./inputs.ts";
import { createMemory, type Memory, type MemoryWish, OUT, type Values } from "./memory.ts";
import { lastSharedNorms, operate, type Standing } from "./operate.ts";
import type { OnnxSettings } from "./options.ts";
import type { Program } from "./program.ts";
import { applyProx } from "./prox.ts";
import { addStaged, reduceGathered } from "./reduce.ts";
import { createScorer, type Scorer } from "./scores.ts";
import { readVariables, writeVariables } from "./state.ts";
import { createUpdating, type Updating } from "./updating.ts";
import { createVigil, type Vigil } from "./vigil.ts";
import { weigh } from "./weigh.ts";

/** A group's step, compiled. */
interface GroupProgram {
  readonly program: Program;
  readonly spaces: ReadonlyMap<string, Values>;
  readonly step: GatherStep;
  readonly vigil: Vigil;
}

/** Compiled pieces of one memory, each made when it is first needed. */
export interface Compiled {
  readonly memory: Memory;
  readonly once: <Made extends { readonly dispose: () => Promise<void> }>(
    key: string,
    make: () => Promise<Made>,
  ) => Promise<Made>;
  readonly compile: (compilable: Compilable, wiring: Wiring) => Promise<Program>;
}

/** How many compiled pieces are kept; the one unused for longest goes first. */
const KEPT = 48;

/** Runs every step as a few compiled graphs, with surgery and the optimizer's books on the host. */
export async function createOnnxEngine<Name extends string>(
  network: Network<Name>,
  settings: OnnxSettings,
  report: (report: CompileReport) => void,
): Promise<Engine<Name>> {
  const layout = layoutOf(network);
  const { optimizer } = network;
  const slots = "update" in optimizer ? optimizer.slots : [];
  const assigned = new Map<number, number>();
  let gatheredGroups = 0;
  let behind = false;

  const cache = new Map<string, { readonly dispose: () => Promise<void> }>();
  const once: Compiled["once"] = async (key, make) => {
    const known = cache.get(key) as Awaited<ReturnType<typeof make>> | undefined;
    const made = known ?? (await make());
    // Last used, last in the map.
    cache.delete(key);
    cache.set(key, made);
    for (const [oldest, piece] of cache) {
      if (cache.size <= KEPT) break;
      cache.delete(oldest);
      await piece.dispose();
    }
    return made;
  };
  const release = async (): Promise<void> => {
    const pieces = [...cache.values()];
    cache.clear();
    for (const piece of pieces) await piece.dispose();
  };
  const open = (wish: MemoryWish): Compiled => ({
    memory: createMemory(network, layout, wish, slots, settings),
    once,
    compile: (compilable, wiring) => compile(compilable, wiring, settings.session, report),
  });
  let compiled = open({ rows: needsRows(network, ONE_GROUP), staging: false });
  await readVariables(layout, compiled.memory);
  const updater: Updating = createUpdating(network, layout, () => compiled);

  /** A memory that has room for what this step gathers; what the old one held is carried over. */
  const prepare = async (wish: MemoryWish): Promise<void> => {
    const { memory } = compiled;
    if ((memory.wish.rows || !wish.rows) && (memory.wish.staging || !wish.staging)) return;
    await release();
    const next = open(wish);
    next.memory.parameters.set(memory.parameters);
    next.memory.buffers.set(memory.buffers);
    memory.slots.forEach((slot, i) => {
      next.memory.slots[i].set(slot);
    });
    compiled = next;
  };

  const gather = async (batch: Batch<Name>, info: StepInfo): Promise<void> => {
    if (!network.tasks.some((name) => (batch.labels[name]?.count ?? 0) > 0)) return;
    const rows = needsRows(network, info);
    await prepare({
      rows: rows || compiled.memory.wish.rows,
      staging: info.groups > 1 || compiled.memory.wish.staging,
    });
    const { memory } = compiled;
    const shape = groupShape(network, batch, info);
    const wish = { rows, share: 1 / (info.groups * network.reducer.size) };
    const group = await once(`group ${shapeKey(shape, wish)} ${phaseOf(network, rows)}`, () =>
      compileGroup(network, layout, compiled, { shape, wish }),
    );
    group.vigil.used(() => recordGather(network, layout, shape, wish));
    fillPass(group.step.inputs, group.spaces, { random: network.noise, place: info });
    const columns = fillGroup(group.spaces, batch, info);
    if (gatheredGroups === 0) {
      for (const name of Object.values(OUT)) memory.spaces.get(name)?.fill(0);
      await group.program.run(columns);
    } else {
      await addStaged(memory, group.program, columns);
    }
    gatheredGroups++;
    for (const { variable } of group.step.assigned) {
      const at = layout.buffers.findIndex((buffer) => buffer.variable === variable);
      assigned.set(at, (assigned.get(at) ?? 0) + 1);
    }
  };

  const discard = (): void => {
    gatheredGroups = 0;
    assigned.clear();
  };

  const apply = async (info: StepInfo): Promise<Applied<Name>> => {
    const { memory } = compiled;
    const { tasks } = network;
    if (gatheredGroups === 0) for (const name of Object.values(OUT)) memory.spaces.get(name)?.fill(0);
    await reduceGathered(network, memory);
    const present = tasks.flatMap((_, k) => (info.counts[k] > 0 ? [k] : []));
    const rate = optimizer.rate(info.step);
    const losses = Array.from(memory.losses);
    for (const k of present) {
      if (!Number.isFinite(losses[k])) throw nonFinite("loss", tasks[k], info.step, losses[k]);
    }
    if (present.length === 0) return { losses: {}, weights: {}, rate };

    const rows = needsRows(network, info);
    if (rows) await weigh(network, layout, compiled, info);
    const weights = Array.from(memory.weights);
    for (const k of present) {
      if (!Number.isFinite(weights[k])) throw nonFinite("weight", tasks[k], info.step, weights[k]);
    }
    const standing: Standing = { present, weights, losses, info };
    const norms = network.needs.lastSharedNorms
      ? lastSharedNorms(network, layout, memory)
      : undefined;
    const { mixing, gramian } = rows
      ? await operate(network, layout, memory, standing, (surgery, blocks, before) =>
          editRows(network, layout, compiled, { surgery, blocks, mixing: before, standing, assigned }),
        )
      : { mixing: undefined, gramian: undefined };
    if (mixing) combineRows(network, layout, memory, standing, mixing);
    const moving = movingOf(network, layout, present);
    checkGradients(memory, moving, info.step);
    await updater.apply(moving, rate);
    takeAssigned(layout, memory, assigned);
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

  return {
    offers: [],
    gather,
    apply: async (info) => {
      try {
        return await apply(info);
      } finally {
        discard();
      }
    },
    discard,
    scores: async (batch, place) => {
      const key = JSON.stringify([batch.size, batch.tasks, Object.keys(batch.columns)]);
      const scorer = await once<Scorer<Name>>(`scores ${key}`, () =>
        createScorer(network, layout, compiled, batch),
      );
      return scorer.score(batch, place);
    },
    flush: () => {
      if (behind) writeVariables(layout, compiled.memory);
      behind = false;
    },
    save: updater.save,
    load: async (state) => {
      await readVariables(layout, compiled.memory);
      await updater.load(state);
      behind = false;
    },
    dispose: () => {
      updater.dispose();
      void release();
    },
  };
}

/** What every trainer's steps need at least. */
const ONE_GROUP: StepInfo = { step: 0, epoch: 0, counts: [], groups: 1 };

async function compileGroup<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { memory, compile: compileGraph }: Compiled,
  { shape, wish }: { readonly shape: GroupShape<Name>; readonly wish: GatherWish },
): Promise<GroupProgram & { readonly dispose: () => Promise<void> }> {
  const start = performance.now();
  const step = traceGather(network, layout, shape, wish);
  const traced = performance.now() - start;
  const spaces = groupSpaces(network, shape, step);
  const program = await compileGraph(
    {
      what: `step of ${shape.size}`,
      graph: step.graph,
      targets: gatherTargets(layout, memory, step, wish),
      diagnostics: step.diagnostics,
      traced,
    },
    { reads: new Map([...memory.spaces, ...spaces]), writes: memory.spaces },
  );
  return {
    program,
    spaces,
    step,
    vigil: createVigil(step.recording),
    dispose: () => program.dispose(),
  };
}

/** The formula that a step without rows has compiled in. */
const phaseOf = <Name extends string>({ weighting }: Network<Name>, rows: boolean): string =>
  rows ? "" : (weighting.phase?.() ?? "");

import type { Batch, Network, StepInfo } from "@polytask/core";
import { needsRows, nonFiniteGradient } from "@polytask/core/engine";
import {
  type GatherStep,
  type GatherWish,
  type GroupShape,
  type Layout,
  recordGather,
  traceGather,
} from "@polytask/graph";
import type { Compiled } from "./compiled.ts";
import { fillGroup, type GatherPlan, groupShape, groupSpaces } from "./gather.ts";
import { type Gap, gapsOf } from "./gaps.ts";
import { fillPass } from "./inputs.ts";
import { OUT, type Values } from "./memory.ts";
import { addStaged } from "./reduce.ts";
import type { Program } from "./runtime.ts";
import { createTables, type Lookups, lookupsOf, type Tables } from "./tables.ts";
import { createVigil, type Vigil } from "./vigil.ts";

/** What a group's step was given, for another pass over it. */
export interface Gathered {
  /** Tells compiled groups apart. */
  readonly group: number;
  readonly what: string;
  readonly step: GatherStep;
  readonly spaces: ReadonlyMap<string, Values>;
  readonly columns: ReadonlyMap<string, Values>;
}

/** Runs the groups of a step and keeps what they have found, until `reset`. */
export interface Gatherer<Name extends string> {
  readonly gather: (batch: Batch<Name>, info: StepInfo) => Promise<void>;
  /** Clears what no group has written; call before what was gathered is used. */
  readonly finish: () => void;
  /** The last group of the step. */
  readonly gathered: () => Gathered | undefined;
  /** How many groups have assigned a buffer, by the buffer's place. */
  readonly assigned: Map<number, number>;
  readonly tables: () => Tables;
  readonly reset: () => void;
}

/** A group's step, compiled. */
interface Group {
  readonly serial: number;
  readonly step: GatherStep;
  readonly program: Program;
  readonly spaces: ReadonlyMap<string, Values>;
  readonly lookups: Lookups;
  /** Pieces of the outputs that the program does not write, and which are 0. */
  readonly gaps: readonly Gap[];
  readonly vigil: Vigil;
  readonly dispose: () => Promise<void>;
}

export function createGatherer<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  compiled: Compiled,
  plan: GatherPlan,
): Gatherer<Name> {
  const assigned = new Map<number, number>();
  let tables = createTables(layout, compiled.memory);
  let tablesOf = compiled.memory;
  let groups = 0;
  let made = 0;
  let last: Gathered | undefined;
  const current = (): Tables => {
    if (tablesOf !== compiled.memory) {
      tablesOf = compiled.memory;
      tables = createTables(layout, tablesOf);
    }
    return tables;
  };

  /** The compiled step of groups of one shape. Traced first, since what it looks up decides how large the memory is. */
  const groupOf = async (
    shape: GroupShape<Name>,
    wish: GatherWish,
    info: StepInfo,
  ): Promise<Group> => {
    const phase = wish.weighs ? (network.weighting.phase?.() ?? "") : "";
    const more = plan.continuation?.begin(info);
    const name = `group ${JSON.stringify([shape, wish])} ${phase} ${more ?? ""}`;
    const known = compiled.get<Group>(name);
    if (known) return known;
    const start = performance.now();
    const step = traceGather(network, layout, shape, wish);
    const traced = performance.now() - start;
    const lookups = lookupsOf(step);
    await compiled.prepare({ rows: wish.rows, staging: info.groups > 1, lookups });
    return compiled.once(name, () =>
      compileGroup(network, layout, compiled, {
        plan,
        shape,
        wish,
        step,
        lookups,
        traced,
        serial: made++,
        goesOn: more !== undefined,
      }),
    );
  };

  return {
    assigned,
    tables: current,
    gathered: () => last,
    gather: async (batch, info) => {
      if (!network.tasks.some((name) => (batch.labels[name]?.count ?? 0) > 0)) return;
      const shape = groupShape(network, batch, info);
      const rows = needsRows(network, info);
      const wish: GatherWish = {
        rows,
        weighs: !rows || plan.weighs,
        share: 1 / (info.groups * network.reducer.size),
        // Other processes have other rows.
        sparse: plan.sparse && network.reducer.size === 1,
      };
      const group = await groupOf(shape, wish, info);
      group.vigil.used(() => recordGather(network, layout, shape, wish));
      fillPass(group.step.inputs, group.spaces, { random: network.noise, place: info });
      const columns = fillGroup(group.spaces, batch, info);
      last = {
        group: group.serial,
        what: whatOf(shape),
        step: group.step,
        spaces: group.spaces,
        columns,
      };
      const { memory } = compiled;
      if (groups++ === 0) {
        for (const { space, from, to } of group.gaps) memory.spaces.get(space)?.fill(0, from, to);
        await group.program.run(columns);
      } else {
        await addStaged(memory, group.program, columns);
      }
      if (!current().add(group.lookups)) {
        const table = layout.parameters[group.lookups.list[0].table].of;
        throw nonFiniteGradient(table.info.name, table.tasks, info.step);
      }
      for (const { variable } of group.step.assigned) {
        const place = layout.buffers.findIndex((buffer) => buffer.variable === variable);
        assigned.set(place, (assigned.get(place) ?? 0) + 1);
      }
    },
    finish: () => {
      if (groups > 0) return;
      for (const space of Object.values(OUT)) compiled.memory.spaces.get(space)?.fill(0);
    },
    reset: () => {
      groups = 0;
      last = undefined;
      assigned.clear();
      current().clear();
    },
  };
}

/** A traced group and what it is made for. */
interface Traced<Name extends string> {
  readonly plan: GatherPlan;
  readonly serial: number;
  readonly shape: GroupShape<Name>;
  readonly wish: GatherWish;
  readonly step: GatherStep;
  readonly lookups: Lookups;
  /** Milliseconds. */
  readonly traced: number;
  /** Whether the plan's continuation is part of it. */
  readonly goesOn: boolean;
}

async function compileGroup<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { memory, compile }: Compiled,
  { plan, serial, shape, wish, step, lookups, traced, goesOn }: Traced<Name>,
): Promise<Group> {
  const spaces = groupSpaces(network, shape, step);
  const more = goesOn ? plan.continuation?.extend(step) : undefined;
  const targets = [...plan.targets(step, wish), ...lookups.targets];
  const sizes = new Map(
    plan.partly.map((space) => [space, memory.spaces.get(space)?.length ?? 0] as const),
  );
  const program = await compile(
    {
      what: whatOf(shape),
      graph: step.graph,
      targets: [...targets, ...(more?.targets ?? [])],
      diagnostics: step.diagnostics,
      examples: shape.size,
      traced,
    },
    {
      reads: new Map([...memory.spaces, ...spaces, ...(more?.reads ?? [])]),
      writes: new Map([...memory.spaces, ...(more?.writes ?? [])]),
    },
  );
  return {
    serial,
    step,
    program,
    spaces,
    lookups,
    gaps: gapsOf(layout, targets, lookups, wish, sizes),
    vigil: createVigil(step.recording),
    dispose: () => program.dispose(),
  };
}

const whatOf = ({ size }: GroupShape): string => `step of ${size}`;

import type { GatherStep, Layout, Target } from "@polytask/graph";
import { sizeOf } from "@polytask/graph";
import type { Kernels } from "./kernels/index.ts";
import type { Memory } from "./memory.ts";

/** Memories of looked-up rows: ids and what is added at them, of all tables one after another. */
export const ROWS = { ids: "row ids", updates: "row updates" } as const;

/** One lookup of one table in a group's step. */
interface Lookup {
  /** The table's place among the layout's parameters. */
  readonly table: number;
  readonly idsAt: number;
  readonly updatesAt: number;
  readonly count: number;
  readonly width: number;
}

/** All lookups of a group's step, and where their rows go. */
export interface Lookups {
  readonly list: readonly Lookup[];
  readonly targets: readonly Target[];
  readonly ids: number;
  readonly updates: number;
}

export function lookupsOf({ tables }: Pick<GatherStep, "tables">): Lookups {
  const list: Lookup[] = [];
  const targets: Target[] = [];
  let idsAt = 0;
  let updatesAt = 0;
  tables.forEach((terms, table) => {
    for (const { ids, updates } of terms ?? []) {
      const count = sizeOf(ids.shape);
      const width = sizeOf(updates.shape) / count;
      list.push({ table, idsAt, updatesAt, count, width });
      targets.push({ node: ids, space: ROWS.ids, at: idsAt });
      targets.push({ node: updates, space: ROWS.updates, at: updatesAt });
      idsAt += count;
      updatesAt += count * width;
    }
  });
  return { list, targets, ids: idsAt, updates: updatesAt };
}

/** The rows of every table that a step has touched; a table's gradient is 0 elsewhere, and everywhere between steps. */
export interface Tables {
  /** Adds a group's looked-up rows to the gradients. False where some are not finite. */
  readonly add: (lookups: Lookups) => boolean;
  /** Rows of a table that was gathered as rows; undefined for a parameter that was not. */
  readonly touched: (parameter: number) => Int32Array | undefined;
  /** Forgets the step, and makes the gradients 0 again. */
  readonly clear: () => void;
}

export function createTables(layout: Layout, memory: Memory): Tables {
  const { kernels } = memory;
  const touched = new Map<number, Int32Array>();
  return {
    add: ({ list, updates }) => {
      for (const { table, idsAt, updatesAt, count, width } of list) {
        const { at, size } = layout.parameters[table];
        const ids = memory.rowIds.subarray(idsAt, idsAt + count);
        const values = memory.rowUpdates.subarray(updatesAt, updatesAt + count * width);
        kernels.scatterAdd(ids, values, width, memory.gradients.subarray(at, at + size));
        const height = size / width;
        const into = memory.rowLists.subarray(at, at + height);
        const marks = memory.rowMarks.subarray(0, height);
        const before = touched.get(table);
        touched.set(
          table,
          before ? union(before, ids, into) : kernels.touchedRows(ids, marks, into),
        );
      }
      return kernels.allFinite(memory.rowUpdates.subarray(0, updates));
    },
    touched: (parameter) => touched.get(parameter),
    clear: () => {
      for (const [table, rows] of touched) clearTable(layout, memory, kernels, table, rows);
      touched.clear();
    },
  };
}

function clearTable(
  layout: Layout,
  { gradients }: Memory,
  kernels: Kernels,
  table: number,
  rows: Int32Array,
): void {
  const { at, size, variable } = layout.parameters[table];
  kernels.clearRows(rows, size / variable.shape[0], gradients.subarray(at, at + size));
}

/** Rows touched by several lookups: each once. */
function union(before: Int32Array, ids: Int32Array, into: Int32Array): Int32Array {
  const all = new Set([...before, ...ids]);
  into.set([...all]);
  return into.subarray(0, all.size);
}

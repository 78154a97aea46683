import type { ElementwiseOptimizer, EngineState, OpaqueOptimizer, Optimizer } from "@polytask/core";
import { createUpdater } from "@polytask/core/engine";
import type { Layout } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Moving } from "./combine.ts";
import type { Compiled } from "./compiled.ts";
import { loadSlots, readVariables, saveSlots, writeVariables } from "./state.ts";
import { createTracedRule } from "./traced-rule.ts";
import { type Counts, update } from "./update.ts";

/** Takes the optimizer's steps and keeps its books. */
export interface Updating {
  /** One step on the parameters that move, by the gradients in memory. */
  readonly apply: (moving: readonly Moving[], rate: number) => Promise<void>;
  readonly save: () => Promise<EngineState>;
  readonly load: (state: EngineState) => Promise<void>;
  readonly dispose: () => void;
}

export const createUpdating = (
  { optimizer }: { readonly optimizer: Optimizer },
  layout: Layout,
  compiled: Compiled,
): Updating =>
  "update" in optimizer
    ? elementwise(optimizer, layout, compiled)
    : opaque(optimizer, layout, compiled);

function elementwise(
  optimizer: ElementwiseOptimizer,
  layout: Layout,
  compiled: Compiled,
): Updating {
  const counts: Counts = new Map();
  return {
    apply: (moving, rate) =>
      update(optimizer, compiled.memory, moving, {
        counts,
        rate,
        traced: createTracedRule(optimizer, layout, compiled),
      }),
    save: () => Promise.resolve(saveSlots(layout, compiled.memory, optimizer.slots, counts)),
    load: (state) => {
      loadSlots(layout, compiled.memory, optimizer.slots, counts, state);
      return Promise.resolve();
    },
    dispose: () => undefined,
  };
}

/** An optimizer that keeps its own books, on the variables themselves: slower, as they go there and back. */
function opaque(optimizer: OpaqueOptimizer, layout: Layout, compiled: Compiled): Updating {
  const updater = createUpdater(optimizer);
  return {
    apply: async (moving, rate) => {
      const { memory } = compiled;
      writeVariables(layout, memory);
      const moves = new Set(moving.map(({ of }) => of));
      const updates = layout.parameters.map(({ of, variable, at, size }) => ({
        parameter: of,
        gradient: moves.has(of)
          ? tf.tensor(memory.gradients.slice(at, at + size), variable.shape)
          : null,
      }));
      try {
        updater.apply(updates, rate);
      } finally {
        tf.dispose(updates.flatMap(({ gradient }) => gradient ?? []));
      }
      await readVariables(layout, memory);
    },
    save: updater.save,
    load: updater.load,
    dispose: updater.dispose,
  };
}

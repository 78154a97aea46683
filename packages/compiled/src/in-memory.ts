import type { Network } from "@polytask/core";
import { type Layout, layoutOf } from "@polytask/graph";
import { combineLean, type Combined } from "./combine-lean.ts";
import { checkGradients, combineRows, finishGradients } from "./combine.ts";
import { type Compiled, createCompiled } from "./compiled.ts";
import { hostPlan, takeAssigned } from "./gather.ts";
import { createGatherer, type Gatherer } from "./gatherer.ts";
import type { Holding } from "./holding.ts";
import { OUT } from "./memory.ts";
import type { Place, PlaceOptions } from "./place.ts";
import { applyProx } from "./prox.ts";
import type { Loader } from "./runtime.ts";
import { readVariables, writeVariables } from "./state.ts";
import { createUpdating } from "./updating.ts";

/** Everything in the host's memory. */
export async function placeInMemory<Name extends string>(
  network: Network<Name>,
  loader: Loader,
  { settings, report }: PlaceOptions,
): Promise<Place<Name>> {
  const { lean } = settings;
  const layout = layoutOf(network, lean ? "gramians" : "rows");
  const compiled = createCompiled(network, layout, settings, { loader, report });
  await readVariables(layout, compiled.memory);
  const plan = hostPlan(layout);
  const gatherer = createGatherer(network, layout, compiled, plan);
  const holding = holdInMemory(network, layout, compiled, gatherer, { lean });
  return { layout, compiled, plan, gatherer, holding };
}

/** Graphs read the host's memory, and kernels change it, where it lies. */
function holdInMemory<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  compiled: Compiled,
  gatherer: Gatherer<Name>,
  { lean }: { readonly lean: boolean },
): Holding<Name> {
  const combined: Combined = (_, gradients) =>
    layout.parameters.flatMap(({ at }, i) => {
      const node = gradients[i];
      return node ? [{ node, space: OUT.gradients, at }] : [];
    });
  const updating = createUpdating(network, layout, compiled);
  let behind = false;
  return {
    combine: async (standing, mixing) => {
      const { memory } = compiled;
      if (lean)
        await combineLean(layout, compiled, combined, gatherer.gathered(), standing, mixing);
      else combineRows(layout, memory, standing, mixing);
      finishGradients(network, layout, memory, standing, gatherer.tables());
    },
    move: async (moving, rate, place) => {
      checkGradients(compiled.memory, moving, place.step);
      await updating.apply(moving, rate);
      takeAssigned(layout, compiled.memory, gatherer.assigned);
      await applyProx(network, layout, compiled, { moving, rate, place });
      behind = true;
    },
    reset: () => undefined,
    flush: () => {
      if (behind) writeVariables(layout, compiled.memory);
      behind = false;
      return Promise.resolve();
    },
    save: updating.save,
    load: async (state) => {
      await readVariables(layout, compiled.memory);
      await updating.load(state);
      behind = false;
    },
    dispose: updating.dispose,
  };
}

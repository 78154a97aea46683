import type { ElementwiseOptimizer, Network } from "@polytask/core";
import { Graph, type Layout, layoutOf, slotSpace, SPACE } from "@polytask/graph";
import { combineLean, type Combined } from "../combine-lean.ts";
import { type Compiled, createCompiled } from "../compiled.ts";
import { takeAssigned } from "../gather.ts";
import { createGatherer, type Gatherer } from "../gatherer.ts";
import type { Holding } from "../holding.ts";
import type { Place, PlaceOptions } from "../place.ts";
import type { DeviceRuntime } from "../runtime.ts";
import { loadSlots, readVariables, saveSlots, writeVariables } from "../state.ts";
import type { Counts } from "../update.ts";
import { type Applying, createApplying } from "./applying.ts";
import { inSegment } from "./in-segment.ts";
import { devicePlan } from "./plan.ts";
import { segmentsOf } from "./segments.ts";
import { createStore, type Store } from "./store.ts";

/** Parameters, slots and gradients on a device; of a step the host has what is of the size of the tasks. */
export async function placeOnDevice<Name extends string>(
  network: Network<Name>,
  optimizer: ElementwiseOptimizer,
  device: DeviceRuntime,
  { settings, report }: PlaceOptions,
): Promise<Place<Name>> {
  const { lean } = settings;
  const layout = layoutOf(network, "gramians");
  const segments = segmentsOf(network, layout, { slots: optimizer.slots, lean });
  const store = createStore(segments, device.tensor);
  const loader = device.loader(store);
  const compiled = createCompiled(network, layout, settings, { loader, report });
  await readVariables(layout, compiled.memory);
  const counts: Counts = new Map();
  const applying = createApplying(network, optimizer, layout, compiled, {
    store,
    stored: !lean,
    counts,
  });
  const plan = devicePlan(network, layout, segments, applying.continuation);
  const gatherer = createGatherer(network, layout, compiled, plan);
  const held = { store, applying, counts, gatherer, lean };
  const holding = holdOnDevice(network, optimizer, layout, compiled, held);
  return { layout, compiled, plan, gatherer, holding };
}

/** What holding is made of. */
interface Held<Name extends string> {
  readonly store: Store;
  readonly applying: Applying;
  /** How often each parameter has moved. */
  readonly counts: Counts;
  readonly gatherer: Gatherer<Name>;
  readonly lean: boolean;
}

/** The host's memory is a copy, made when it is asked for. */
function holdOnDevice<Name extends string>(
  network: Network<Name>,
  optimizer: ElementwiseOptimizer,
  layout: Layout<Name>,
  compiled: Compiled,
  { store, applying, counts, gatherer, lean }: Held<Name>,
): Holding<Name> {
  const slots = optimizer.slots.map(slotSpace);
  const all = [SPACE.parameters, ...slots];
  /** Memories that the copy lags behind in. */
  const stale = new Set<string>();
  let behind = false;
  store.load(compiled.memory.spaces);

  const combined: Combined = (graph, gradients) =>
    store.segments.again.map((segment) => inSegment(graph, layout, segment, gradients));

  const fetch = async (spaces: readonly string[]): Promise<void> => {
    for (const space of spaces) {
      if (!stale.has(space)) continue;
      const reading = await compiled.once(`read back ${space}`, () =>
        compileReading(layout, compiled, space),
      );
      await reading.run();
      stale.delete(space);
    }
  };

  return {
    combine: async (standing, mixing) => {
      applying.combine(standing, mixing);
      if (lean)
        await combineLean(layout, compiled, combined, gatherer.gathered(), standing, mixing);
    },
    move: async (moving, rate, { step }) => {
      await applying.move(moving, rate, step);
      takeAssigned(layout, compiled.memory, gatherer.assigned);
      for (const space of all) stale.add(space);
      behind = true;
    },
    reset: store.clear,
    flush: async () => {
      if (!behind) return;
      await fetch([SPACE.parameters]);
      writeVariables(layout, compiled.memory);
      behind = false;
    },
    save: async () => {
      await fetch(slots);
      return saveSlots(layout, compiled.memory, optimizer.slots, counts);
    },
    load: async (state) => {
      await readVariables(layout, compiled.memory);
      loadSlots(layout, compiled.memory, optimizer.slots, counts, state);
      store.load(compiled.memory.spaces);
      stale.clear();
      behind = false;
    },
    dispose: store.dispose,
  };
}

/** A tensor on a device is read by a program that hands it out on the host; the runtime has no other way. */
async function compileReading(layout: Layout, { memory, compile }: Compiled, space: string) {
  const graph = new Graph();
  return compile(
    {
      what: `reading ${space}`,
      graph,
      targets: [{ node: graph.view(space, 0, [layout.parameterSize]), space, at: 0 }],
      traced: 0,
    },
    { reads: memory.spaces, writes: memory.spaces },
  );
}

import type { Engine } from "@polytask/core";

/**
 * An engine that keeps parameters on the device until a step takes batches of several data sets, whose gradients have
 * to be added up; from then on one that keeps them in memory, with the same values.
 */
export async function whileOneGroup<Name extends string>(
  make: (device: boolean) => Promise<Engine<Name>>,
): Promise<Engine<Name>> {
  let engine = await make(true);
  let onDevice = true;
  const leave = async (): Promise<void> => {
    await engine.flush?.();
    const state = await engine.save();
    const next = await make(false);
    await next.load(state);
    engine.dispose();
    engine = next;
    onDevice = false;
  };
  return {
    get offers() {
      return engine.offers;
    },
    gather: async (batch, info) => {
      if (onDevice && info.groups > 1) await leave();
      await engine.gather(batch, info);
    },
    apply: (info) => engine.apply(info),
    discard: () => {
      engine.discard();
    },
    scores: (batch, place) => engine.scores(batch, place),
    flush: () => engine.flush?.(),
    save: () => engine.save(),
    load: (state) => engine.load(state),
    dispose: () => {
      engine.dispose();
    },
  };
}

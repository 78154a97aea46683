import {
  type Batch,
  eager,
  type Engine,
  type EngineScope,
  PolytaskError,
  type StepInfo,
} from "@polytask/core";

/**
 * The compiled engine as long as it can; from the first thing on that it cannot compile, the eager one, which takes over
 * values, slots and the step that has begun. Warns once. `isCompileError` tells errors that say that something cannot be
 * compiled or run compiled, where the eager engine may be able to.
 */
export async function withFallback<Name extends string>(
  make: () => Promise<Engine<Name>>,
  scope: EngineScope<Name>,
  isCompileError: (error: PolytaskError) => boolean,
): Promise<Engine<Name>> {
  let engine: Engine<Name>;
  let compiled = true;
  /** Groups of the step that has begun: the other engine gathers them again. */
  let begun: (readonly [Batch<Name>, StepInfo])[] = [];

  const isExpected = (error: unknown): error is PolytaskError =>
    error instanceof PolytaskError && isCompileError(error);
  const warn = (error: PolytaskError): void => {
    scope.logger.warn(`Training goes on with the eager engine, which is slower. ${error.message}`);
    compiled = false;
  };
  const takeOver = async (error: PolytaskError): Promise<void> => {
    warn(error);
    await engine.flush?.();
    const state = await engine.save();
    engine.discard();
    engine.dispose();
    engine = await eager<Name>().create(scope);
    await engine.load(state);
    for (const [batch, info] of begun) await engine.gather(batch, info);
  };
  const attempt = async <Value>(run: () => Value | Promise<Value>): Promise<Value> => {
    try {
      return await run();
    } catch (error) {
      if (!compiled || !isExpected(error)) throw error;
      await takeOver(error);
      return run();
    }
  };

  try {
    engine = await make();
  } catch (error) {
    if (!isExpected(error)) throw error;
    warn(error);
    engine = await eager<Name>().create(scope);
  }
  return {
    get offers() {
      return engine.offers;
    },
    gather: async (batch, info) => {
      await attempt(() => engine.gather(batch, info));
      if (compiled) begun.push([batch, info]);
    },
    apply: async (info) => {
      try {
        return await attempt(() => engine.apply(info));
      } finally {
        begun = [];
      }
    },
    discard: () => {
      begun = [];
      engine.discard();
    },
    scores: (batch, place) => attempt(() => engine.scores(batch, place)),
    flush: () => engine.flush?.(),
    save: () => engine.save(),
    load: (state) => engine.load(state),
    dispose: () => {
      engine.dispose();
    },
  };
}

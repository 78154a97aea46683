import type { Engine, EngineScope, PolytaskError } from "@polytask/core";
import type { CompileReport } from "./compiler.ts";
import { coversDevice, whileOneGroup } from "./device/index.ts";
import { createCompiledEngine } from "./engine.ts";
import { withFallback } from "./fallback.ts";
import type { CompiledSettings, Runtime } from "./runtime.ts";

/** What an engine's plugin starts engines with. */
export interface EngineStart {
  /** Opens a runtime for an engine, which closes it. */
  readonly open: () => Promise<Runtime>;
  /** `device`: where parameters can stay on it. */
  readonly settings: CompiledSettings;
  /** Called once for every graph that is compiled. */
  readonly report: (report: CompileReport) => void;
  /** "eager": where something cannot be compiled, the eager engine goes on. */
  readonly fallback: "eager" | "none";
  /** Tells the runtime's own errors that say so, where the eager engine may be able to go on. */
  readonly isRefusal: (error: PolytaskError) => boolean;
}

/**
 * A compiled engine for a plugin's `create`: parameters on the runtime's device as far as the network allows, and the
 * fallback that was asked for.
 *
 * @throws POLYTASK_LEAN where `lean` does not go, and what `open` throws.
 */
export function startEngine<Name extends string>(
  scope: EngineScope<Name>,
  { open, settings, report, fallback, isRefusal }: EngineStart,
): Promise<Engine<Name>> {
  const { network } = scope;
  const start = async (device: boolean): Promise<Engine<Name>> => {
    const runtime = await open();
    try {
      return await createCompiledEngine(network, runtime, { ...settings, device }, report);
    } catch (error) {
      await runtime.close();
      throw error;
    }
  };
  const make = (): Promise<Engine<Name>> => {
    if (!settings.device || !coversDevice(network)) return start(false);
    // In the lean mode a step on several data sets is refused, on a device or off it.
    return settings.lean ? start(true) : whileOneGroup(start);
  };
  const isExpected = (error: PolytaskError): boolean =>
    isRefusal(error) || /^POLYTASK_(TRACE_|LEAN$)/.test(error.code);
  return fallback === "eager" ? withFallback(make, scope, isExpected) : make();
}

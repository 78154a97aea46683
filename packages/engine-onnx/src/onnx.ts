import { CONTRACT, type EnginePlugin } from "@polytask/core";
import { coversDevice, whileOneGroup } from "./device/index.ts";
import { createOnnxEngine } from "./engine.ts";
import { withFallback } from "./fallback.ts";
import { type OnnxOptions, type OnnxSettings, readOptions } from "./options.ts";
import { openHost } from "./session/index.ts";

/**
 * Runs every step as compiled graphs in ONNX Runtime, instead of op by op.
 *
 * The step that the eager engine runs is traced once per shape of batch; losses and gradients, all tasks' rows of J among
 * them, come from one call of the runtime, surgery and the optimizer from kernels on the same memory. Results are those
 * of the eager engine to rounding, and a saved trainer may be restored under either.
 *
 * Needs the package onnxruntime-node, which is loaded when the trainer is made. While `fit` runs, variables may lag
 * behind what the engine holds; they are current between calls of the trainer.
 *
 * @throws POLYTASK_OPTION; createTrainer throws POLYTASK_ONNX_RUNTIME without the runtime, POLYTASK_ONNX_PROVIDER without
 * the provider's device; a step throws POLYTASK_ONNX_WORKER where the worker thread has ended. The first step of a shape throws
 * an error of the tracer where plugin code cannot be compiled, unless `fallback` is "eager".
 */
export function onnx<Name extends string>(options: OnnxOptions = {}): EnginePlugin<Name> {
  return compiledEngine(readOptions(options), options);
}

/** The engine of some settings. */
export function compiledEngine<Name extends string>(
  settings: OnnxSettings,
  { fallback = "none", onCompile = () => undefined }: OnnxOptions,
): EnginePlugin<Name> {
  return {
    kind: "engine",
    name: "engine-onnx",
    contract: CONTRACT,
    create: (scope) => {
      const make = async () => {
        const host = await openHost(settings.session, settings);
        const start = (device: boolean) =>
          createOnnxEngine(scope.network, host, { ...settings, device }, onCompile);
        try {
          const device = settings.device && coversDevice(scope.network);
          return await (device ? whileOneGroup(start) : start(false));
        } catch (error) {
          await host.close();
          throw error;
        }
      };
      return fallback === "eager" ? withFallback(make, scope) : make();
    },
  };
}

import { type Runtime, startEngine } from "@polytask/compiled";
import { CONTRACT, type EnginePlugin } from "@polytask/core";
import { deviceLoader } from "./device/program.ts";
import { type OnnxOptions, type OnnxSettings, readOptions } from "./options.ts";
import { hostLoader } from "./program.ts";
import { openHost, tensorOf } from "./session/index.ts";

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
 * the provider's device, and, as a step does, POLYTASK_LEAN where `memory: "lean"` does not go; a step throws
 * POLYTASK_ONNX_WORKER where the worker thread has ended. The first step of a shape throws
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
    create: (scope) =>
      startEngine(scope, {
        open: () => openRuntime(settings),
        settings,
        report: onCompile,
        fallback,
        isRefusal: ({ code }) => code.startsWith("POLYTASK_ONNX_"),
      }),
  };
}

/** ONNX Runtime, as engines of compiled steps know one. */
async function openRuntime(settings: OnnxSettings): Promise<Runtime> {
  const host = await openHost(settings.session, settings);
  return {
    loader: hostLoader(host),
    ...(settings.device && {
      device: {
        loader: (store) => deviceLoader(store, settings.session),
        tensor: (values, shape) => tensorOf(values, shape, "float32"),
      },
    }),
    close: host.close,
  };
}

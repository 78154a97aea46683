import { type Runtime, startEngine } from "@polytask/compiled";
import { CONTRACT, type EnginePlugin } from "@polytask/core";
import type { Context } from "./library/context.ts";
import type { TensorflowOptions, TensorflowSettings } from "./options.ts";
import { deviceLoader, hostLoader } from "./program.ts";

/** The engine of some settings, on what `open` opens. */
export function compiledEngine<Name extends string>(
  settings: TensorflowSettings,
  { fallback = "none", onCompile = () => undefined }: TensorflowOptions,
  open: () => Context | Promise<Context>,
): EnginePlugin<Name> {
  return {
    kind: "engine",
    name: "engine-tensorflow",
    contract: CONTRACT,
    create: (scope) =>
      startEngine(scope, {
        open: async () => runtimeOf(await open(), settings),
        settings: { simd: true, worker: false, lean: settings.lean, device: true },
        report: onCompile,
        fallback,
        isRefusal: ({ code }) => code.startsWith("POLYTASK_TENSORFLOW_"),
      }),
  };
}

/** TensorFlow, as engines of compiled steps know a runtime. */
const runtimeOf = (context: Context, settings: TensorflowSettings): Runtime => ({
  loader: hostLoader(context, settings),
  device: {
    loader: (store) => deviceLoader(context, store, settings),
    tensor: (values, shape) => context.tensor(values, shape, "float32"),
  },
  close: async () => {
    context.close();
  },
});

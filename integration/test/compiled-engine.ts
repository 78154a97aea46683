/** The engine that suites hold against the eager one: POLYTASK_TEST_ENGINE names it, onnx by default. */
import type { EnginePlugin } from "@polytask/core";
import { onnx, type OnnxOptions } from "@polytask/engine-onnx";
import { tensorflow } from "@polytask/engine-tensorflow";

/** What all of them can be told. */
type Options = Pick<OnnxOptions, "fallback" | "memory" | "onCompile">;

const engines = {
  onnx: <Name extends string>(options: Options = {}): EnginePlugin<Name> =>
    onnx({ threads: 1, ...options }),
  tensorflow: <Name extends string>(options: Options = {}): EnginePlugin<Name> =>
    tensorflow({ threads: 1, ...options }),
  "tensorflow-xla": <Name extends string>(options: Options = {}): EnginePlugin<Name> =>
    tensorflow({ threads: 1, xla: true, ...options }),
  // With POLYTASK_TEST_BACKEND=tensorflow, which loads the addon.
  "tensorflow-tfjs-node": <Name extends string>(options: Options = {}): EnginePlugin<Name> =>
    tensorflow({ through: "tfjs-node", ...options }),
};

export const engine: (typeof engines)["onnx"] =
  engines[(process.env["POLYTASK_TEST_ENGINE"] ?? "onnx") as keyof typeof engines];

/** The engine that suites hold against the eager one: POLYTASK_TEST_ENGINE names it, onnx by default. */
import type { EnginePlugin } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import { tensorflow } from "@polytask/engine-tensorflow";

const engines = {
  onnx: <Name extends string>(): EnginePlugin<Name> => onnx({ threads: 1 }),
  tensorflow: <Name extends string>(): EnginePlugin<Name> => tensorflow({ threads: 1 }),
  "tensorflow-xla": <Name extends string>(): EnginePlugin<Name> =>
    tensorflow({ threads: 1, xla: true }),
  // With POLYTASK_TEST_BACKEND=tensorflow, which loads the addon.
  "tensorflow-tfjs-node": <Name extends string>(): EnginePlugin<Name> =>
    tensorflow({ through: "tfjs-node" }),
};

export const engine: (typeof engines)["onnx"] =
  engines[(process.env["POLYTASK_TEST_ENGINE"] ?? "onnx") as keyof typeof engines];

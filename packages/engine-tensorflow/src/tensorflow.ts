import type { EnginePlugin } from "@polytask/core";
import { compiledEngine } from "./engine.ts";
import { openTensorflow } from "./library/open.ts";
import { readOptions, type TensorflowOptions } from "./options.ts";
import { openTfjsNode } from "./tfjs-node/open.ts";

/**
 * Runs every step as compiled graphs in TensorFlow, instead of op by op, on the CPU or on an NVIDIA GPU.
 *
 * The step that the eager engine runs is traced once per shape of batch and becomes functions of TensorFlow: losses and
 * gradients, then the update. Parameters and slots are TensorFlow's own tensors and stay where it computes; a batch, the
 * host's numbers, losses and the T×T inner products cross. Results are those of the eager engine to rounding, and a saved
 * trainer may be restored under either.
 *
 * Needs the package koffi, and the libraries of a TensorFlow for Python; both are loaded when the trainer is made. With
 * `through: "tfjs-node"` it needs neither, but a tfjs-node that is loaded. While `fit` runs, variables may lag behind what
 * the engine holds; they are current between calls of the trainer.
 *
 * @throws POLYTASK_OPTION; createTrainer throws POLYTASK_TENSORFLOW_LIBRARY without the library, POLYTASK_TENSORFLOW_DEVICE
 * without a GPU that was asked for, and, as a step does, POLYTASK_LEAN where `memory: "lean"` does not go. The first step of a shape throws an error of the tracer where plugin code cannot be
 * compiled, or POLYTASK_TENSORFLOW_REFUSED, unless `fallback` is "eager".
 */
export function tensorflow<Name extends string>(
  options: TensorflowOptions = {},
): EnginePlugin<Name> {
  const settings = readOptions(options);
  return compiledEngine(settings, options, () =>
    settings.through === "tfjs-node" ? openTfjsNode(settings) : openTensorflow(settings),
  );
}

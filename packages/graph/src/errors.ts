import { PolytaskError } from "@polytask/core";
import type { Shape } from "./node.ts";

const shown = (shape: Shape): string => `[${shape.join(", ")}]`;

/** A kernel that the graph does not know. */
export const noLowering = (who: string, kernel: string, use = ""): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_KERNEL",
    who,
    required: "a compiled step is made of ops that have a lowering",
    found: `"${kernel}"${use === "" ? "" : ` ${use}`} has none`,
    remedy: `Write it with other ops, teach it with registerLowering("${kernel}", …) of @polytask/graph, or run on the eager engine.`,
  });

const after = (kernel: string): string => (kernel === "" ? "" : ` after the op "${kernel}"`);

/** A value read where none exists yet. */
export const valueRead = (who: string, kernel: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_READ",
    who,
    required: "a step is a function of tensors: values are read between steps, never inside one",
    found: `a tensor's value is read${after(kernel)}`,
    remedy: "Compute with ops (tf.where instead of if), or bring host values in through pass.host.",
  });

/** Randomness that tfjs draws on the host: every step would see the same numbers. */
export const frozenNoise = (who: string, op: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_RANDOM",
    who,
    required: "noise enters a step through pass.noise",
    found: `"${op}" draws on the host: its numbers would be the same at every step`,
    remedy: 'Write pass.noise(shape) or pass.noise(shape, "normal") instead.',
  });

/** Numbers made into a tensor inside a step. */
export const frozenConstant = (who: string, kernel: string, shape: Shape): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_CONSTANT",
    who,
    required: "numbers that become a tensor inside a step are either fixed or a step input",
    found: `a tensor of shape ${shown(shape)} is made from numbers${after(kernel)}: they would be the same at every step`,
    remedy:
      "Wrap it in constant(() => …) of @polytask/core if that is meant; use pass.host if the numbers change.",
  });

/** A tensor that belongs to no step. */
export const foreignTensor = (who: string, kernel: string, shape: Shape): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_FOREIGN",
    who,
    required: "a step computes with its inputs, with parameters and with buffers",
    found: `the op "${kernel}" is given a tensor of shape ${shown(shape)} that was made outside the step`,
    remedy:
      "Declare the variable among the part's parameters or buffers, or make the tensor inside with constant(() => …).",
  });

/** A number that traced code took from outside changed between two steps. */
export const frozenValue = (
  who: string,
  op: string,
  before: string | undefined,
  now: string | undefined,
): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_FROZEN",
    who,
    required: "numbers that change from step to step enter a compiled step through pass.host",
    found: `${op === "" ? "" : `near the op "${op}" `}there was ${before ?? "nothing"} when the step was compiled, and now there is ${now ?? "nothing"}`,
    remedy:
      "Read the number with pass.host(key, shape, read), or give the weighting a `phase` where the formula itself changes.",
  });

/** An op whose gradient tfjs does not know. */
export const noGradient = (who: string, kernel: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_GRADIENT",
    who,
    required: "every op between parameters and losses has a gradient",
    found: `"${kernel}" has none`,
    remedy: `Write it with other ops, keep gradients off it with pass.detach, or teach tfjs with tf.registerGradient({ kernelName: "${kernel}", … }).`,
  });

/** Traced code that waits for something. */
export const promised = (who: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_READ",
    who,
    required: "a step is a function of tensors: values are read between steps, never inside one",
    found: "it returns a promise",
    remedy: "Make it synchronous, or bring host values in through pass.host.",
  });

/** A variable made, or given a value, inside a step. */
export const changedVariable = (who: string, doing: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TRACE_ASSIGN",
    who,
    required: "a step changes nothing while it runs",
    found: `it ${doing}`,
    remedy:
      "Make variables where the part is made, and set them with pass.assign(variable, value), which takes effect after the step.",
  });

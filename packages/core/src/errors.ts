/** What an error tells: the code, what is required, what was found, and what to do about it. */
export interface ErrorParts {
  readonly code: string;
  /** Who asks: a plugin, a task, a call. */
  readonly who: string;
  readonly required: string;
  readonly found: string;
  readonly remedy: string;
}

/**
 * The one error class of Polytask.
 *
 * Message: `who: required; found. remedy (code)`. Plugins of third parties may throw it with codes of their own.
 */
export class PolytaskError extends Error {
  readonly code: string;
  readonly required: string;
  readonly found: string;
  readonly remedy: string;

  constructor(parts: ErrorParts, options?: ErrorOptions) {
    super(
      `${parts.who}: ${parts.required}; ${parts.found}. ${parts.remedy} (${parts.code})`,
      options,
    );
    this.name = "PolytaskError";
    this.code = parts.code;
    this.required = parts.required;
    this.found = parts.found;
    this.remedy = parts.remedy;
  }
}

const quoted = (names: readonly string[]): string =>
  names.length === 0 ? "none" : names.map((name) => `"${name}"`).join(", ");

/** An option of a plugin or a call has a value outside what it accepts. */
export const badOption = (
  who: string,
  option: string,
  required: string,
  found: unknown,
): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_OPTION",
    who,
    required: `option "${option}" must be ${required}`,
    found: `got ${show(found)}`,
    remedy: `Change "${option}".`,
  });

/** A name that is not the name of a task. */
export const unknownTask = (who: string, name: string, tasks: readonly string[]): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_UNKNOWN_TASK",
    who,
    required: `every name must be one of the tasks ${quoted(tasks)}`,
    found: `got "${name}"`,
    remedy: "Correct the name, or add the task to createTrainer.",
  });

/** A technique that compares tasks was given too few of them. */
export const tooFewTasks = (who: string, least: number, tasks: readonly string[]): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TOO_FEW_TASKS",
    who,
    required: `needs at least ${least} tasks`,
    found: `got ${tasks.length} (${quoted(tasks)})`,
    remedy: `Remove ${who} or add a task.`,
  });

/** Something is wrong with the list of tasks itself. */
export const badTasks = (required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TASKS",
    who: "createTrainer",
    required,
    found,
    remedy: "Correct the first argument of createTrainer.",
  });

/** A part is missing, doubled, or of another kind than its place asks for. */
export const badPart = (place: string, required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_PART",
    who: `createTrainer, ${place}`,
    required,
    found,
    remedy: `Pass one plugin of the right kind as "${place}".`,
  });

/** A plugin was built for another major version of the contracts. */
export const wrongContract = (who: string, required: number, found: unknown): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_CONTRACT",
    who,
    required: `this core runs plugins of contract ${required}`,
    found: `the plugin declares ${show(found)}`,
    remedy: `Install versions of ${who} and @polytask/core whose major versions match.`,
  });

/** A part made something that breaks its contract. */
export const brokenPart = (who: string, required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_BROKEN_PART",
    who,
    required,
    found,
    remedy: "This is a fault in the plugin: run its conformance suite of @polytask/testkit.",
  });

/** A part needs something that the other parts do not offer. */
export const unmetNeed = (who: string, required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_NEED",
    who,
    required,
    found,
    remedy: `Choose another part that offers it, or remove ${who}.`,
  });

/** The encoder has not seen training data. */
export const unfittedEncoder = (who: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_UNFITTED",
    who,
    required: "the encoder must be fitted on the training data before createTrainer",
    found: "it was never fitted",
    remedy: "Pass `await encoder.fit(train)`.",
  });

/** A dataset, batch or column that cannot be used. */
export const badData = (
  who: string,
  required: string,
  found: string,
  remedy = "Correct the data set.",
): PolytaskError => new PolytaskError({ code: "POLYTASK_DATA", who, required, found, remedy });

/** A loss, weight or gradient stopped being finite; the parameters are those before the step. */
export const nonFinite = (
  what: "loss" | "weight" | "gradient",
  task: string,
  step: number,
  value: number,
): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_NON_FINITE",
    who: `step ${step}, task "${task}"`,
    required: "every loss, weight and gradient must be finite",
    found: `its ${what} is ${value}`,
    remedy:
      "Lower the learning rate or clip the gradient, and check this task's labels; the parameters are still those before the step, readable with trainer.state().",
  });

/** A parameter's gradient stopped being finite under finite losses; nothing has moved. */
export const nonFiniteGradient = (
  parameter: string,
  tasks: readonly string[],
  step: number,
): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_NON_FINITE",
    who: `step ${step}, ${tasks.length === 1 ? "task" : "tasks"} ${quoted(tasks)}`,
    required: "every loss, weight and gradient must be finite",
    found: `the gradient of "${parameter}" is not`,
    remedy:
      "Look for a square root, logarithm or division at 0 on the way to it; the parameters are still those before the step, readable with trainer.state().",
  });

/** A call came after `dispose`, or while another call holds the trainer. */
export const notAvailable = (call: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_NOT_AVAILABLE",
    who: `trainer.${call}`,
    required: "the trainer must be idle and not disposed",
    found,
    remedy: "Await the running call, or make another trainer.",
  });

/** A saved state does not belong to this trainer. */
export const badState = (required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_STATE",
    who: "trainer.restore",
    required,
    found,
    remedy: "Restore into a trainer made of the same tasks and parts.",
  });

/** Something asked of the container has not been bound. */
export const unboundToken = (who: string, token: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_UNBOUND",
    who,
    required: `a value must be bound to the token "${token}"`,
    found: "no container holds one",
    remedy: "Bind it in the container passed to createTrainer.",
  });

/** How a value reads in a message. */
export function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return "kind" in value ? `an object of kind ${show(value.kind)}` : "an object";
  }
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  return String(value);
}

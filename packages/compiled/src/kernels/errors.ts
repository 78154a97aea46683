import { PolytaskError } from "@polytask/core";

/** An engine used the arena or a kernel wrongly. */
export const badCall = (who: string, required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_KERNEL",
    who,
    required,
    found,
    remedy: "This is a fault in the engine: report it with the parts of the trainer.",
  });

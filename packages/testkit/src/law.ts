import { PolytaskError } from "@polytask/core";

/** A law that a plugin breaks: which one, what it asks, and what was found. */
export class LawError extends PolytaskError {
  readonly law: string;

  constructor(law: string, required: string, found: string, options?: ErrorOptions) {
    const remedy = "The plugin is at fault, or claims a law that it does not keep.";
    super({ code: "POLYTASK_LAW", who: law, required, found, remedy }, options);
    this.name = "LawError";
    this.law = law;
  }
}

/** A law as a function: resolves where the subject keeps it, rejects with a `LawError` of its name where not. */
export interface Law<Subject> {
  (subject: Subject): Promise<void>;
  readonly law: string;
}

/**
 * Makes a law of one's own: `check` throws, by `demand` or any other way, where the law is broken.
 *
 * Laws of the kit and of third parties are made alike, and go into `claims`.
 */
export function law<Subject>(
  name: string,
  check: (subject: Subject) => void | Promise<void>,
): Law<Subject> {
  const run = async (subject: Subject): Promise<void> => {
    try {
      await check(subject);
    } catch (error) {
      if (error instanceof LawError) {
        throw new LawError(name, error.required, error.found, { cause: error });
      }
      throw new LawError(name, "nothing may be thrown on valid input", `threw ${String(error)}`, {
        cause: error,
      });
    }
  };
  return Object.assign(run, { law: name });
}

/** Throws unless the condition holds; `found` is only made then. */
export function demand(
  condition: boolean,
  required: string,
  found: string | (() => string),
): asserts condition {
  if (!condition)
    throw new LawError("demand", required, typeof found === "string" ? found : found());
}

import { badOption, type Parameter, type Pass, type StepPlace } from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";

/** λ, at least 0: one number, or one for every step; `step` and `epoch` count from 0. */
export type Strength = number | ((at: StepPlace) => number);

export interface NormOptions {
  readonly strength: Strength;
  /** Which parameters are held small. Default: all but biases, whose names end in "/bias". */
  readonly select?: (parameter: Parameter) => boolean;
}

export const notBias = ({ name }: Parameter): boolean => !/(^|\/)bias$/.test(name);

/** The parameters to be held small; none is a mistake in `select`. */
export function choose<P extends Parameter>(
  who: string,
  select: (parameter: Parameter) => boolean,
  parameters: readonly P[],
): readonly P[] {
  const found = parameters.filter(select);
  if (found.length > 0) return found;
  const names = parameters.map(({ name }) => name).join(", ");
  throw badOption(who, "select", `true for at least one parameter of ${names}`, "false for all");
}

/** λ of this step, as a step input. */
export const strengthAt = (who: string, strength: Strength, pass: Pass): Tensor =>
  pass.host("strength", [], (at) => [
    checkStrength(who, typeof strength === "number" ? strength : strength(at)),
  ]);

export function checkStrength(who: string, strength: number): number {
  if (strength >= 0 && strength < Infinity) return strength;
  throw badOption(who, "strength", "a number of at least 0", strength);
}

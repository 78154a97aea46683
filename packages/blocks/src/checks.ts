import { badOption } from "@polytask/core";
import { type Activation, activations } from "./activation.ts";

/** @throws POLYTASK_OPTION unless the value is a whole number of at least `least`. */
export function checkCount(who: string, option: string, value: unknown, least = 1): void {
  if (!Number.isInteger(value) || (value as number) < least) {
    throw badOption(who, option, `a whole number of at least ${least}`, value);
  }
}

/** @throws POLYTASK_OPTION unless the value is a list of at least `least` layer sizes of at least 1. */
export function checkSizes(who: string, option: string, value: unknown, least = 0): void {
  const good = (size: unknown): boolean => Number.isInteger(size) && (size as number) >= 1;
  if (!Array.isArray(value) || value.length < least || !value.every(good)) {
    const length = least === 0 ? "" : ` with at least ${least} of them`;
    throw badOption(
      who,
      option,
      `a list of layer sizes, whole numbers of at least 1${length}`,
      value,
    );
  }
}

/** @throws POLYTASK_OPTION unless the value is the name of an activation. */
export function checkActivation(who: string, option: string, value: unknown): void {
  if (!activations.includes(value as Activation)) {
    throw badOption(who, option, `one of ${activations.join(", ")}`, value);
  }
}

/** @throws POLYTASK_OPTION unless the value is a probability in [0, 1). */
export function checkRate(who: string, option: string, value: unknown): void {
  if (!(typeof value === "number" && value >= 0 && value < 1)) {
    throw badOption(who, option, "a probability of at least 0 and below 1", value);
  }
}

/** @throws POLYTASK_OPTION unless the value is a positive, finite number. */
export function checkPositive(who: string, option: string, value: unknown): void {
  if (!(typeof value === "number" && value > 0 && value < Infinity)) {
    throw badOption(who, option, "a positive, finite number", value);
  }
}

import { badData } from "@polytask/core";

/** @throws POLYTASK_DATA unless there is one prediction per label. */
export function requireSingle(who: string, width: number): void {
  if (width !== 1) {
    throw badData(
      who,
      "needs one prediction per label",
      `got ${width}`,
      "Use a metric for classes, such as accuracy or logLoss.",
    );
  }
}

/** @throws POLYTASK_DATA unless the label is a class: 0 or 1 of one probability, else an index into them. */
export function requireClass(who: string, label: number, width: number): void {
  const classes = Math.max(2, width);
  if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
    throw badData(who, `every label must be a class from 0 to ${classes - 1}`, `got ${label}`);
  }
}

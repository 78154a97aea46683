import { badData, type Metric } from "@polytask/core";
import { requireSingle } from "./input.ts";

/**
 * Area under the ROC curve: the chance that a positive example scores above a negative one, a tie counting one half.
 *
 * AUC = (1/(P·N))·Σ_{i positive, j negative} ([p_i > p_j] + ½·[p_i = p_j]), exact, by sorting both classes once at
 * `value()`. Predictions [n] and labels [n] of 0 and 1. Keeps every prediction: 4 bytes an example, up to twice that
 * while its buffer has room to spare. NaN while one class is missing, or after a prediction that is NaN.
 *
 * Hanley and McNeil, Radiology 143, 1982 (the Mann–Whitney form).
 *
 * @throws POLYTASK_DATA for another label than 0 or 1, or more than one prediction per label.
 */
export function auc(): Metric {
  return {
    name: "auc",
    better: "higher",
    create: () => {
      const positives = openBuffer();
      const negatives = openBuffer();
      let poisoned = false;
      return {
        update: (predictions, labels, width) => {
          requireSingle("auc", width);
          for (let i = 0; i < labels.length; i++) {
            const label = labels[i];
            if (label !== 0 && label !== 1) {
              throw badData("auc", "every label must be 0 or 1", `got ${label}`);
            }
            poisoned ||= Number.isNaN(predictions[i]);
            (label === 1 ? positives : negatives).push(predictions[i]);
          }
        },
        value: () => (poisoned ? NaN : area(positives.sorted(), negatives.sorted())),
      };
    },
  };
}

/** Walks both sorted lists once. Counts half pairs, whole numbers: exact up to 2⁵³, whatever the order of examples. */
function area(positives: Float32Array, negatives: Float32Array): number {
  let halves = 0;
  let below = 0;
  let notAbove = 0;
  for (const score of positives) {
    while (negatives[below] < score) below++;
    while (negatives[notAbove] <= score) notAbove++;
    halves += below + notAbove;
  }
  return halves / (2 * positives.length * negatives.length);
}

/** A float32 list that doubles its room when full. */
function openBuffer() {
  let values = new Float32Array(1024);
  let length = 0;
  return {
    push: (value: number): void => {
      if (length === values.length) {
        const larger = new Float32Array(2 * length);
        larger.set(values);
        values = larger;
      }
      values[length++] = value;
    },
    /** A view, in ascending order. */
    sorted: (): Float32Array => values.subarray(0, length).sort(),
  };
}

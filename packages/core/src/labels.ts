import type { Labels } from "./batch.ts";
import type { LabelColumn } from "./data.ts";
import { badData } from "./errors.ts";
import { type Choice, sizeOf } from "./rows.ts";
import type { Task } from "./tasks.ts";

/**
 * Reads one task's labels: missing ones (null, undefined, NaN, or masked out) become the task's neutral label and a 0
 * in `present`.
 *
 * @throws POLYTASK_DATA for a label that the task refuses, naming its row.
 */
export function readLabels(
  name: string,
  task: Task,
  column: LabelColumn,
  mask: readonly boolean[] | Uint8Array | undefined,
): Labels {
  const size = sizeOf(task.labelShape);
  const flat = (
    ArrayBuffer.isView(column) ? column : (column as readonly unknown[]).flat()
  ) as ArrayLike<number | boolean | null | undefined>;
  if (mask && mask.length !== flat.length) {
    throw badData(
      `labels of task "${name}"`,
      "the mask must have one entry per label",
      `it has ${mask.length} for ${flat.length} labels`,
    );
  }
  const neutral = task.neutral?.label ?? 0;
  const values = new Float32Array(flat.length).fill(neutral);
  const present = new Uint8Array(flat.length);
  let count = 0;
  for (let i = 0; i < flat.length; i++) {
    const label = flat[i];
    const missing = label === null || label === undefined || Number.isNaN(label);
    if (missing || (mask && !mask[i])) continue;
    const value = Number(label);
    const fault = Number.isFinite(value) ? task.check?.(value) : "must be a finite number";
    if (fault) {
      throw badData(
        `labels of task "${name}"`,
        `a label ${fault}`,
        `row ${Math.floor(i / size)} holds ${String(label)}`,
      );
    }
    values[i] = value;
    present[i] = 1;
    count++;
  }
  return { values, present, shape: task.labelShape, count };
}

/** The labels of the chosen examples; of data as they lie, views instead of copies. */
export function takeLabels(labels: Labels, choice: Choice): Labels {
  const { shape } = labels;
  const size = sizeOf(shape);
  if ("begin" in choice) {
    const values = labels.values.subarray(choice.begin * size, choice.end * size);
    const present = labels.present.subarray(choice.begin * size, choice.end * size);
    const whole = labels.count === labels.values.length;
    return { values, present, shape, count: whole ? values.length : countOf(present) };
  }
  const values = new Float32Array(choice.length * size);
  const present = new Uint8Array(choice.length * size);
  for (let i = 0; i < choice.length; i++) {
    for (let j = 0; j < size; j++) {
      const from = choice[i] * size + j;
      values[i * size + j] = labels.values[from];
      present[i * size + j] = labels.present[from];
    }
  }
  return { values, present, shape, count: countOf(present) };
}

/** A loop: `reduce` takes three times as long. */
function countOf(present: Uint8Array): number {
  let count = 0;
  for (const one of present) count += one;
  return count;
}

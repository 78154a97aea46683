import type { Rows } from "./rows.ts";
import type { SomeTasks } from "./tasks.ts";

/** The labels of one task: values with missing ones replaced by the task's neutral label, and where they are. */
export interface Labels {
  readonly values: Float32Array;
  /** 1 where a label is present, 0 where it is missing; one per value. */
  readonly present: Uint8Array;
  /** Shape of one example's label. */
  readonly shape: readonly number[];
  /** How many labels are present. */
  readonly count: number;
}

/** One group of examples, on the host, ready for an engine. */
export interface Batch<Name extends string = string> {
  readonly size: number;
  /** Tasks that have a label column in these data, in the trainer's order. */
  readonly tasks: readonly Name[];
  readonly columns: Readonly<Record<string, Rows>>;
  readonly labels: SomeTasks<Name, Labels>;
}

import type { Tensor } from "@tensorflow/tfjs";
import type { PerTask, SomeTasks } from "./tasks.ts";

/** One named input of many examples: flat or nested numbers, words for a categorical encoder, or a tensor. */
export type Column =
  Float32Array | Float64Array | Int32Array | Uint8Array | Tensor | readonly unknown[];

export type Columns = Readonly<Record<string, Column>>;

/** Labels of many examples; null, undefined and NaN mean that the label is missing. */
export type LabelColumn =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | readonly (number | boolean | null | undefined)[]
  | readonly (readonly (number | null)[])[];

/** Examples that fit in memory, with a label column for some of the tasks; the others are absent from steps on them. */
export interface PartialDataset<Name extends string = string> {
  readonly inputs: Column | Columns;
  readonly labels: SomeTasks<Name, LabelColumn>;
  /** Where given, a label counts only where its mask is true (1). */
  readonly masks?: SomeTasks<Name, readonly boolean[] | Uint8Array>;
  /** Overrides `fit`'s batch size for these data. */
  readonly batchSize?: number;
}

/** Examples with a label column for every task, in which single labels may be missing. */
export interface Dataset<Name extends string = string> extends PartialDataset<Name> {
  readonly labels: PerTask<Name, LabelColumn>;
}

import type { Batch, Labels } from "./batch.ts";
import type { Column, Columns, PartialDataset } from "./data.ts";
import type { Encoder } from "./encoder.ts";
import { badData, unknownTask } from "./errors.ts";
import { readLabels, takeLabels } from "./labels.ts";
import { rememberColumns } from "./network-of.ts";
import { type Choice, countRows, type Rows, takeRows } from "./rows.ts";
import type { PerTask, SomeTasks, Task } from "./tasks.ts";

/** A data set, read and checked: numeric columns and labels of the same number of examples. */
export interface Examples<Name extends string> {
  readonly rows: number;
  readonly tasks: readonly Name[];
  readonly columns: Readonly<Record<string, Rows>>;
  readonly labels: SomeTasks<Name, Labels>;
}

interface Reader<Name extends string> {
  readonly tasks: readonly Name[];
  readonly task: PerTask<Name, Task>;
  readonly encoder: Encoder<Name>;
}

/**
 * Reads a data set through the encoder.
 *
 * @throws POLYTASK_DATA for no rows, columns of different lengths, bad values; POLYTASK_UNKNOWN_TASK for a label's name.
 */
export async function readDataset<Name extends string>(
  reader: Reader<Name>,
  data: PartialDataset<Name>,
  who: string,
): Promise<Examples<Name>> {
  for (const name of [...Object.keys(data.labels), ...Object.keys(data.masks ?? {})]) {
    if (!Object.hasOwn(reader.task, name)) throw unknownTask(`${who}, labels`, name, reader.tasks);
  }
  const tasks = reader.tasks.filter((name) => data.labels[name] !== undefined);
  if (tasks.length === 0) {
    throw badData(who, "at least one task must have labels", "the data set has none");
  }
  const labels: Partial<Record<Name, Labels>> = {};
  for (const name of tasks) {
    const column = data.labels[name];
    if (column === undefined) continue;
    labels[name] = readLabels(name, reader.task[name], column, data.masks?.[name]);
  }
  const columns = rememberColumns(reader.encoder, await reader.encoder.prepare(data.inputs));
  const lengths = new Map<string, number>();
  for (const [name, rows] of Object.entries(columns))
    lengths.set(`column "${name}"`, countRows(rows));
  for (const name of tasks) {
    const column = labels[name];
    if (!column) continue;
    const size = column.shape.reduce((a, b) => a * b, 1);
    lengths.set(`labels of task "${name}"`, column.values.length / size);
  }
  return { rows: commonLength(lengths, who), tasks, columns, labels };
}

/** Reads inputs alone, as examples of the wanted tasks without labels. */
export async function readInputs<Name extends string>(
  reader: Reader<Name>,
  inputs: Column | Columns,
  tasks: readonly Name[],
): Promise<Examples<Name>> {
  const columns = rememberColumns(reader.encoder, await reader.encoder.prepare(inputs));
  const lengths = new Map(
    Object.entries(columns).map(([name, rows]) => [`column "${name}"`, countRows(rows)]),
  );
  return { rows: commonLength(lengths, "predict"), tasks, columns, labels: {} };
}

function commonLength(lengths: ReadonlyMap<string, number>, who: string): number {
  const [first, ...others] = [...lengths];
  const rows = first?.[1] ?? 0;
  const odd = others.find(([, length]) => length !== rows);
  if (odd) {
    throw badData(
      who,
      "inputs and labels must have the same number of examples",
      `${first[0]} has ${rows}, ${odd[0]} has ${odd[1]}`,
    );
  }
  if (rows === 0) throw badData(who, "a data set must hold at least one example", "it is empty");
  if (!Number.isInteger(rows)) {
    throw badData(who, "every example must be whole", `${first[0]} has ${rows} examples`);
  }
  return rows;
}

/** The chosen examples as a batch. */
export function takeBatch<Name extends string>(
  examples: Examples<Name>,
  choice: Choice,
): Batch<Name> {
  const columns: Record<string, Rows> = {};
  for (const [name, rows] of Object.entries(examples.columns))
    columns[name] = takeRows(rows, choice);
  const labels: Partial<Record<Name, Labels>> = {};
  for (const name of examples.tasks) {
    const column = examples.labels[name];
    if (column) labels[name] = takeLabels(column, choice);
  }
  const size = "begin" in choice ? choice.end - choice.begin : choice.length;
  return { size, tasks: examples.tasks, columns, labels };
}

/** All examples in order, a batch at a time. */
export function* batchesOf<Name extends string>(
  examples: Examples<Name>,
  batchSize: number,
): Generator<Batch<Name>> {
  for (let begin = 0; begin < examples.rows; begin += batchSize) {
    yield takeBatch(examples, { begin, end: Math.min(begin + batchSize, examples.rows) });
  }
}

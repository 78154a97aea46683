import { badData, type Column, type Columns } from "@polytask/core";
import type { Tensor } from "@tensorflow/tfjs";

/** One value per example, as the user wrote it. */
export type Values = ArrayLike<unknown>;

/**
 * The named columns, one value per example each, all of one length.
 *
 * @throws POLYTASK_DATA for inputs without names, a column that is not there, has another length than the first, or
 * holds several values per example.
 */
export async function readColumns(
  who: string,
  inputs: Column | Columns,
  names: readonly string[],
): Promise<Readonly<Record<string, Values>>> {
  if (isColumn(inputs)) {
    throw badData(who, "inputs must be columns by name", "it was given one column without a name");
  }
  const columns = inputs;
  const read: Record<string, Values> = {};
  for (const name of names) {
    if (!Object.hasOwn(columns, name)) {
      const there = Object.keys(columns).map((key) => `"${key}"`);
      throw badData(
        who,
        `the data must have a column "${name}"`,
        `it has ${there.join(", ") || "none"}`,
      );
    }
    read[name] = await readColumn(who, name, columns[name]);
    const [first] = names;
    if (read[name].length !== read[first].length) {
      throw badData(
        who,
        "all columns must be of one length",
        `column "${first}" has ${read[first].length} rows, column "${name}" ${read[name].length}`,
      );
    }
  }
  return read;
}

async function readColumn(who: string, name: string, column: Column): Promise<Values> {
  if (!isTensor(column)) return column;
  if (column.size !== column.shape[0]) {
    throw badData(
      who,
      `column "${name}" must hold one value per example`,
      `it is a tensor of shape [${column.shape.join(", ")}]`,
    );
  }
  return await column.data();
}

export const isColumn = (value: Column | Columns): value is Column =>
  Array.isArray(value) || ArrayBuffer.isView(value) || isTensor(value);

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dataId" in value;

/** null, undefined and NaN: no value. */
const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || Number.isNaN(value);

/**
 * A number, or NaN where it is missing.
 *
 * @throws POLYTASK_DATA for anything else, and for an infinite number.
 */
export function asNumber(name: string, row: number, value: unknown): number {
  if (isMissing(value)) return NaN;
  const number = typeof value === "bigint" || typeof value === "boolean" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw badData(
    `column "${name}"`,
    "every value must be a finite number or missing (null, undefined, NaN)",
    `row ${row} holds ${inWords(value)}`,
  );
}

/**
 * A word: what a value reads as, so that 7 and "7" are the same one; null where it is missing.
 *
 * @throws POLYTASK_DATA for anything but strings, finite numbers and booleans.
 */
export function asWord(name: string, row: number, value: unknown): string | null {
  if (isMissing(value)) return null;
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint" || Number.isFinite(value)) {
    return String(value);
  }
  throw badData(
    `column "${name}"`,
    "every value must be a string, a finite number, a boolean or missing (null, undefined, NaN)",
    `row ${row} holds ${inWords(value)}`,
  );
}

function inWords(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : `a value of type ${typeof value}`;
}

import type { Tensor } from "@tensorflow/tfjs";
import type { Column } from "./data.ts";
import { badData } from "./errors.ts";

/** Numeric values of many examples: example i is `values[i·size … (i+1)·size − 1]`, size the product of `shape`. */
export interface Rows {
  readonly values: Float32Array | Int32Array;
  /** Shape of one example. */
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
}

/** How many numbers a shape holds. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** How many examples there are. */
export const countRows = (rows: Rows): number => rows.values.length / sizeOf(rows.shape);

/**
 * Reads one numeric column of any accepted form into float32 rows of the given shape.
 *
 * @throws POLYTASK_DATA for another shape, or for a value that is missing or not finite.
 */
export async function numericRows(
  name: string,
  column: Column,
  shape: readonly number[],
): Promise<Rows> {
  const size = sizeOf(shape);
  const values = await flatten(name, column, size);
  if (values.length % size !== 0) {
    throw badData(
      `column "${name}"`,
      `every example must hold ${size} numbers (shape [${shape.join(", ")}])`,
      `the column holds ${values.length}`,
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw badData(
      `column "${name}"`,
      "every input must be a finite number",
      `row ${Math.floor(bad / size)} holds ${values[bad]}`,
      "Fill or drop the row, or use an encoder that handles missing values.",
    );
  }
  return { values, shape, dtype: "float32" };
}

async function flatten(name: string, column: Column, size: number): Promise<Float32Array> {
  if (isTensor(column)) return Float32Array.from(await column.data());
  if (ArrayBuffer.isView(column)) return Float32Array.from(column as ArrayLike<number>);
  const rows = column;
  if (size !== 1 && rows.every((row) => typeof row === "number")) return Float32Array.from(rows);
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    const numbers = (
      Array.isArray(row)
        ? row.flat(Infinity)
        : ArrayBuffer.isView(row)
          ? Array.from(row as unknown as ArrayLike<number>)
          : [row]
    ) as unknown[];
    if (numbers.length !== size) {
      throw badData(
        `column "${name}"`,
        `every example must hold ${size} numbers`,
        `row ${i} holds ${numbers.length}`,
      );
    }
    numbers.forEach((value, j) => {
      values[i * size + j] =
        typeof value === "number" || typeof value === "boolean" ? Number(value) : NaN;
    });
  });
  return values;
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dataId" in value && "dtype" in value;

/** Which examples: those of these numbers, in this order, or the data as they lie from `begin` to before `end`. */
export type Choice = Uint32Array | { readonly begin: number; readonly end: number };

/** The chosen examples; of data as they lie, a view instead of a copy. */
export function takeRows(rows: Rows, choice: Choice): Rows {
  const size = sizeOf(rows.shape);
  if ("begin" in choice) {
    return { ...rows, values: rows.values.subarray(choice.begin * size, choice.end * size) };
  }
  const values =
    rows.dtype === "int32"
      ? new Int32Array(choice.length * size)
      : new Float32Array(choice.length * size);
  for (let i = 0; i < choice.length; i++) {
    values.set(rows.values.subarray(choice[i] * size, (choice[i] + 1) * size), i * size);
  }
  return { ...rows, values };
}

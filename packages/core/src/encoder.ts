import type { Tensor } from "@tensorflow/tfjs";
import type { InputShape, Inputs, Parameter } from "./architecture.ts";
import type { Column, Columns } from "./data.ts";
import { badData, badOption, type PolytaskError } from "./errors.ts";
import type { Pass } from "./pass.ts";
import { CONTRACT, type Plugin, type State } from "./plugin.ts";
import type { Scope } from "./scope.ts";
import { type Rows, numericRows } from "./rows.ts";

/** Turns named columns into what the architecture reads. */
export interface Encoder<Name extends string = string> {
  /** Shape of one example of what `encode` returns. */
  readonly shape: InputShape;
  readonly parameters: readonly Parameter<Name>[];
  /** On the host, once per data set: raw columns in, numeric rows out. Learns nothing. */
  readonly prepare: (
    inputs: Column | Columns,
  ) => Readonly<Record<string, Rows>> | Promise<Readonly<Record<string, Rows>>>;
  /** Traced: one batch of the prepared columns, [batch, …] each, to the model's inputs. */
  readonly encode: (columns: Readonly<Record<string, Tensor>>, pass: Pass<Name>) => Inputs;
  /** What was fitted (means, vocabularies). Saved with the trainer, and restored where the columns and their sizes are the same. */
  readonly state?: () => State;
  readonly restore?: (state: State) => void;
}

export type EncoderPlugin<Name extends string = string> = Plugin<
  "encoder",
  Encoder<Name>,
  Scope<Name>
>;

const SINGLE = "input";

export interface InputOptions {
  /** Data sets may lack some of the columns: those of other tasks. Default false. */
  readonly partial?: boolean;
}

/**
 * The input tensor itself: numeric columns whose examples have the given shape. The identity of encoders.
 *
 * `input([128])` reads one column into a tensor [batch, 128]; `input({ user: [32], item: [16] })` reads columns by name.
 *
 * @throws POLYTASK_OPTION for a shape that is not made of positive whole numbers; POLYTASK_DATA for columns of another shape.
 */
export function input<Name extends string>(
  shape: InputShape,
  options: InputOptions = {},
): EncoderPlugin<Name> {
  const { partial = false } = options;
  const single = isShape(shape);
  const shapes: Readonly<Record<string, readonly number[]>> = single ? { [SINGLE]: shape } : shape;
  for (const [name, axes] of Object.entries(shapes)) {
    if (!axes.every((axis) => Number.isInteger(axis) && axis > 0)) {
      throw badOption("input", name, "a shape of positive whole numbers", axes);
    }
  }
  return {
    kind: "encoder",
    name: "encoder-input",
    contract: CONTRACT,
    create: () => ({
      shape,
      parameters: [],
      prepare: async (inputs) => {
        const columns = single ? { [SINGLE]: inputs as Column } : (inputs as Columns);
        const rows: Record<string, Rows> = {};
        for (const [name, axes] of Object.entries(shapes)) {
          if (Object.hasOwn(columns, name))
            rows[name] = await numericRows(name, columns[name], axes);
          else if (!partial) throw missingColumn(name, columns);
        }
        return rows;
      },
      encode: (columns) => (single ? columns[SINGLE] : columns),
    }),
  };
}

const missingColumn = (name: string, columns: Columns): PolytaskError =>
  badData(
    "input",
    `the data set must have a column "${name}"`,
    `it has ${Object.keys(columns).join(", ") || "none"}`,
  );

/** Whether the inputs have one shape rather than several by name. */
export const isShape = (shape: InputShape): shape is readonly number[] => Array.isArray(shape);

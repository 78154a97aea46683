import * as tf from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import {
  badData,
  badOption,
  brokenPart,
  columnSums,
  type Matrix,
  multiply,
  type Parameter,
  type Surgery,
  type SurgeryPlugin,
  transpose,
} from "@polytask/core";
import { testStep, type TestStepOptions } from "./pass.ts";
import { tasksNamed, testScope, type TestScope } from "./scope.ts";

/** One surgery, or several one after another. */
export type Surgeries = SurgeryPlugin | readonly SurgeryPlugin[];

export interface ApplyOptions {
  /** Seed of the surgery's random streams. Default 0. */
  readonly seed?: number;
  /** Raw losses, one per row. Default: all 1. */
  readonly losses?: readonly number[];
}

/**
 * The combined gradient: the sum of the rows that the surgery makes of J.
 *
 * Jacobian [tasks, parameters] of numbers in, [parameters] out. A surgery that mixes works in float64 throughout; one
 * that edits tensors works in float32. The surgery is made afresh: two calls with one seed give the same result, and a
 * surgery with a memory takes its first step. Rows are the tasks "a", "b", "c", …
 *
 * @throws POLYTASK_DATA for a Jacobian that is empty, ragged or not finite; POLYTASK_OPTION for losses that do not fit;
 * POLYTASK_BROKEN_PART for a surgery whose result has the wrong shape.
 */
export async function applySurgery(
  plugins: Surgeries,
  jacobian: Matrix,
  options: ApplyOptions = {},
): Promise<number[]> {
  checkJacobian(jacobian);
  const { seed = 0, losses = jacobian.map(() => 1) } = options;
  const run = await prepareSurgery(plugins, { tasks: jacobian.length, seed });
  try {
    return columnSums(await run.step(jacobian, { losses }));
  } finally {
    run.dispose();
  }
}

export interface SurgeryRunOptions {
  /** How many tasks the trainer has. */
  readonly tasks: number;
  readonly seed?: number;
  /** Sizes of the parameters that make up the columns. Default: one parameter of all columns. */
  readonly sizes?: readonly number[];
  readonly onCall?: (call: string) => void;
}

export interface SurgeryStepOptions {
  readonly losses?: readonly number[];
  /** Indices of the tasks that the rows belong to. Default: the first ones. */
  readonly present?: readonly number[];
}

/** A surgery made for one run, to be stepped by hand. */
export interface SurgeryRun {
  readonly scope: TestScope;
  readonly parts: readonly Surgery[];
  /** Rows of the present tasks in, edited rows out. */
  readonly step: (jacobian: Matrix, options?: SurgeryStepOptions) => Promise<number[][]>;
  readonly dispose: () => void;
}

/** Makes a surgery without a trainer; frees what it made where making it fails. */
export async function prepareSurgery(
  plugins: Surgeries,
  options: SurgeryRunOptions,
): Promise<SurgeryRun> {
  const links = isList(plugins) ? plugins : [plugins];
  if (links.length === 0 || links.some((link) => (link as { kind: unknown }).kind !== "surgery")) {
    throw badOption("applySurgery", "plugins", "one or more surgeries", plugins);
  }
  const { seed = 0, onCall = () => undefined, sizes } = options;
  const scope = testScope(tasksNamed(options.tasks), { seed, onCall });
  const noise = scope.random("pass/noise");
  const parts: Surgery[] = [];
  try {
    // Streams belong to a part: two links of one name must not share them.
    for (const [i, link] of links.entries()) {
      const own: TestScope = { ...scope, random: (name) => scope.random(`${i}/${name}`) };
      parts.push(await link.create(own));
    }
  } catch (error) {
    scope.dispose();
    throw error;
  }

  let count = 0;
  const step: SurgeryRun["step"] = async (jacobian, at = {}) => {
    checkJacobian(jacobian);
    const present = at.present ?? jacobian.map((_, i) => i);
    const losses = at.losses ?? jacobian.map(() => 1);
    if (losses.length !== jacobian.length) {
      throw badOption("applySurgery", "losses", `${jacobian.length} numbers`, losses);
    }
    let rows: number[][] = jacobian.map((row) => [...row]);
    for (const [i, part] of parts.entries()) {
      const columns = blocksOf(links[i].name, part, sizes ?? [rows[0].length]);
      const edited = rows.map((row) => [...row]);
      for (const [block, indices] of columns.entries()) {
        const own = rows.map((row) => indices.map((column) => row[column]));
        const result = part.mix
          ? mixed(links[i].name, part.mix, own, { losses, present: present.map((k) => scope.tasks[k]), block, step: count })
          : await traced(links[i].name, part, own, present, scope, { noise, onCall, at: { step: count, epoch: 0 } });
        result.forEach((row, r) => {
          indices.forEach((column, c) => {
            edited[r][column] = row[c];
          });
        });
      }
      rows = edited;
    }
    count++;
    return rows;
  };
  return { scope, parts, step, dispose: scope.dispose };
}

const isList = (plugins: Surgeries): plugins is readonly SurgeryPlugin[] => Array.isArray(plugins);

function mixed(
  name: string,
  mix: NonNullable<Surgery["mix"]>,
  rows: Matrix,
  rest: Omit<Parameters<typeof mix>[0], "gramian">,
): number[][] {
  const c = mix({ gramian: multiply(rows, transpose(rows)), ...rest });
  const n = rows.length;
  const square = c.length === n && c.every((row) => row.length === n);
  if (!square) {
    throw brokenPart(name, `mix must return [${n}, ${n}]`, `got [${c.length}, ${c[0]?.length ?? 0}]`);
  }
  return multiply(c, rows);
}

async function traced(
  name: string,
  part: Surgery,
  rows: Matrix,
  present: readonly number[],
  scope: TestScope,
  at: TestStepOptions,
): Promise<number[][]> {
  const { edit } = part;
  if (!edit) throw brokenPart(name, "a surgery must have `mix` or `edit`", "it has neither");
  const [tasks, width] = [scope.tasks.length, rows[0].length];
  const values = new Float32Array(tasks * width);
  const flags = new Float32Array(tasks);
  present.forEach((task, r) => {
    values.set(rows[r], task * width);
    flags[task] = 1;
  });
  const step = testStep<string>(at);
  const edited = tf.tidy(() => {
    const jacobian: Tensor2D = tf.tensor2d(values, [tasks, width]);
    const mask: Tensor1D = tf.tensor1d(flags);
    const result = edit(jacobian, mask, step.pass(scope.tasks));
    if (jacobian.isDisposed) throw brokenPart(name, "edit must leave its input alone", "it disposed J");
    step.commit();
    return result;
  });
  const shape = edited.shape;
  const numbers = await edited.data();
  edited.dispose();
  if (shape.length !== 2 || shape[0] !== tasks || shape[1] !== width) {
    throw brokenPart(name, `edit must return [${tasks}, ${width}]`, `got [${shape.join(", ")}]`);
  }
  for (let task = 0; task < tasks; task++) {
    const row = numbers.slice(task * width, (task + 1) * width);
    if (!present.includes(task) && row.some((value) => value !== 0)) {
      throw brokenPart(name, "rows of absent tasks must stay 0", `row ${task} holds [${row.join(", ")}]`);
    }
  }
  return present.map((task) => Array.from(numbers.slice(task * width, (task + 1) * width)));
}

/** Columns of every block, by the surgery's own grouping of parameters of the given sizes. */
function blocksOf(name: string, part: Surgery, sizes: readonly number[]): number[][] {
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const all = sizes.map((size, i) => Array.from({ length: size }, (_, j) => starts[i] + j));
  if (!part.blocks) return [all.flat()];
  const variables = sizes.map((size) => tf.tidy(() => tf.variable(tf.zeros([size]))));
  const parameters: Parameter[] = variables.map((variable, i) => ({
    name: `parameter/${i}`,
    variable,
    tasks: ["a", "b"],
  }));
  try {
    const groups = part.blocks(parameters).map((group) => group.map((p) => parameters.indexOf(p)));
    const seen = groups.flat().toSorted((a, b) => a - b);
    if (seen.join() !== parameters.map((_, i) => i).join()) {
      throw brokenPart(name, "blocks must hold every parameter once", `they hold ${seen.join()}`);
    }
    return groups.map((group) => group.flatMap((i) => all[i]));
  } finally {
    tf.dispose(variables);
  }
}

function checkJacobian(jacobian: Matrix): void {
  const who = "applySurgery";
  const width = jacobian[0]?.length ?? 0;
  if (width === 0) throw badData(who, "the Jacobian must have rows and columns", "it has none");
  jacobian.forEach((row, i) => {
    if (row.length !== width) {
      throw badData(who, `every row must hold ${width} numbers`, `row ${i} holds ${row.length}`);
    }
    const bad = row.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw badData(who, "every number must be finite", `row ${i} holds ${row[bad]}`);
  });
}

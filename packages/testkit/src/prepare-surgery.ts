import * as tf from "@tensorflow/tfjs";
import type { Tensor2D } from "@tensorflow/tfjs";
import {
  badData,
  badOption,
  brokenPart,
  type Matrix,
  multiply,
  type Parameter,
  type Random,
  type Surgery,
  type SurgeryPlugin,
  transpose,
} from "@polytask/core";
import { testStep } from "./pass.ts";
import { tasksNamed, testScope, type TestScope } from "./scope.ts";

/** One surgery, or several one after another. */
export type Surgeries = SurgeryPlugin | readonly SurgeryPlugin[];

export interface SurgeryRunOptions {
  /** How many tasks the trainer has: "a", "b", "c", …. */
  readonly tasks: number;
  /** Sizes of the shared parameters, which make up the columns of every Jacobian of the run. */
  readonly sizes: readonly number[];
  readonly seed?: number;
  readonly onCall?: (call: string) => void;
}

export interface SurgeryStepOptions {
  /** Raw losses, one per row. Default: all 1. */
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
  const links = [plugins].flat();
  if (links.length === 0 || links.some(({ kind }: { kind: string }) => kind !== "surgery")) {
    throw badOption("applySurgery", "plugins", "one or more surgeries", plugins);
  }
  const { seed = 0, onCall = () => undefined, sizes } = options;
  const width = sizes.reduce((a, b) => a + b, 0);
  const tasks = tasksNamed(options.tasks);
  const parameters = sizes.map((size, i) => ({
    name: `shared/${i}`,
    variable: tf.tidy(() => tf.variable(tf.zeros([size]))),
    tasks: Object.keys(tasks),
  }));
  const scope = testScope(tasks, { seed, onCall, parameters });
  const dispose = (): void => {
    scope.dispose();
    tf.dispose(parameters.map(({ variable }) => variable));
  };
  const parts: Surgery[] = [];
  let noise: Random;
  try {
    noise = scope.random("pass/noise");
    // Streams belong to a part: two links of one name must not share them.
    for (const [i, link] of links.entries()) {
      parts.push(await link.create({ ...scope, random: (name) => scope.random(`${i}/${name}`) }));
    }
  } catch (error) {
    dispose();
    throw error;
  }

  let count = 0;
  const step: SurgeryRun["step"] = async (jacobian, at = {}) => {
    checkJacobian(jacobian);
    if (jacobian[0].length !== width) {
      throw badData(
        "applySurgery",
        `rows must hold ${width} numbers`,
        `they hold ${jacobian[0].length}`,
      );
    }
    const { present = jacobian.map((_, i) => i), losses = jacobian.map(() => 1) } = at;
    if (losses.length !== jacobian.length) {
      throw badOption("applySurgery", "losses", `${jacobian.length} numbers`, losses);
    }
    const moment: Moment = { scope, present, losses, step: count++, noise, onCall };
    let rows = jacobian.map((row) => [...row]);
    for (const [i, part] of parts.entries())
      rows = await operate(links[i].name, part, rows, moment);
    return rows;
  };
  return { scope, parts, step, dispose };
}

interface Moment {
  readonly scope: TestScope;
  readonly present: readonly number[];
  readonly losses: readonly number[];
  readonly step: number;
  readonly noise: Random;
  readonly onCall: (call: string) => void;
}

/** One link, block by block. */
async function operate(
  name: string,
  part: Surgery,
  rows: Matrix,
  moment: Moment,
): Promise<number[][]> {
  const edited = rows.map((row) => [...row]);
  for (const [block, columns] of blocksOf(name, part, moment.scope.parameters).entries()) {
    const own = rows.map((row) => columns.map((column) => row[column]));
    const result = part.mix
      ? mixed(name, part, own, block, moment)
      : await traced(name, part, own, moment);
    result.forEach((row, r) => {
      columns.forEach((column, c) => {
        edited[r][column] = row[c];
      });
    });
  }
  return edited;
}

function mixed(
  name: string,
  { mix, needs }: Surgery,
  rows: Matrix,
  block: number,
  { losses, present, scope, step }: Moment,
): number[][] {
  const gramian = multiply(rows, transpose(rows));
  const c =
    mix?.({
      gramian,
      // Two batches by hand are one batch twice.
      ...(needs?.cross && { cross: gramian.map((row) => [...row]) }),
      losses,
      present: present.map((k) => scope.tasks[k]),
      block,
      step,
    }) ?? [];
  const n = rows.length;
  if (c.length !== n || c.some((row) => row.length !== n)) {
    throw brokenPart(
      name,
      `mix must return [${n}, ${n}]`,
      `got [${c.length}, ${c[0]?.length ?? 0}]`,
    );
  }
  return multiply(c, rows);
}

async function traced(
  name: string,
  { edit }: Surgery,
  rows: Matrix,
  { scope, present, noise, onCall, step: number }: Moment,
): Promise<number[][]> {
  if (!edit) throw brokenPart(name, "a surgery must have `mix` or `edit`", "it has neither");
  const [tasks, width] = [scope.tasks.length, rows[0].length];
  const values = new Float32Array(tasks * width);
  const flags = new Float32Array(tasks);
  present.forEach((task, r) => {
    values.set(rows[r], task * width);
    flags[task] = 1;
  });
  const step = testStep({ noise, onCall, at: { step: number, epoch: 0 } });
  const edited = tf.tidy(() => {
    const jacobian: Tensor2D = tf.tensor2d(values, [tasks, width]);
    const result = edit(jacobian, tf.tensor1d(flags), step.pass(scope.tasks));
    step.commit();
    return result;
  });
  const shape: readonly number[] = edited.shape;
  const numbers = await edited.data();
  edited.dispose();
  if (shape.join() !== `${tasks},${width}`) {
    throw brokenPart(name, `edit must return [${tasks}, ${width}]`, `got [${shape.join(", ")}]`);
  }
  const rowOf = (task: number): number[] =>
    Array.from(numbers.slice(task * width, (task + 1) * width));
  const strayed = scope.tasks.findIndex(
    (_, k) => !present.includes(k) && rowOf(k).some((x) => x !== 0),
  );
  if (strayed >= 0) {
    throw brokenPart(name, "rows of absent tasks must stay 0", `row ${strayed} is not`);
  }
  return present.map(rowOf);
}

/** Columns of every block, by the surgery's own grouping of the parameters. */
function blocksOf(name: string, part: Surgery, parameters: readonly Parameter[]): number[][] {
  let column = 0;
  const columns = parameters.map(({ variable }) =>
    Array.from({ length: variable.size }, () => column++),
  );
  if (!part.blocks) return [columns.flat()];
  const groups = part.blocks(parameters).map((group) => group.map((p) => parameters.indexOf(p)));
  const seen = groups.flat().toSorted((a, b) => a - b);
  if (seen.join() !== [...parameters.keys()].join()) {
    throw brokenPart(name, "blocks must hold every parameter once", `they hold ${seen.join()}`);
  }
  return groups.map((group) => group.flatMap((i) => columns[i]));
}

/** @throws POLYTASK_DATA for a Jacobian that is empty, ragged or not finite. */
export function checkJacobian(jacobian: Matrix): void {
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

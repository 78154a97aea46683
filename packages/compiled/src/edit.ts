import { type Matrix, type Network } from "@polytask/core";
import {
  type JacobianBlock,
  type Layout,
  ROWS_SPACE,
  SPACE,
  type Target,
  traceEdit,
} from "@polytask/graph";
import type { Compiled } from "./compiled.ts";
import { bufferAt } from "./gather.ts";
import { fillPass, passSpaces } from "./inputs.ts";
import { type Memory, OUT, rowsOf, type Values } from "./memory.ts";
import type { Mixing, Standing } from "./operate.ts";

/** One traced edit of some blocks of J. */
export interface EditOf {
  readonly surgery: number;
  readonly blocks: readonly JacobianBlock[];
  readonly mixing: Mixing;
  readonly standing: Standing;
  readonly assigned: Map<number, number>;
}

/** Carries out the mixing so far, lets the surgery edit the rows, and puts them back as rows of J with mixing I. */
export async function editRows<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  compiled: Compiled,
  { surgery, blocks, mixing, standing, assigned }: EditOf,
): Promise<void> {
  const { memory } = compiled;
  const { present, info } = standing;
  const columns = blocks.reduce((sum, { size }) => sum + size, 0);
  const key = `edit ${surgery} ${columns}`;
  const edit = await compiled.once(key, () =>
    compileEdit(network, layout, compiled, surgery, columns),
  );
  fillPass(edit.inputs, edit.spaces, { random: network.noise, place: info });
  const flags = edit.spaces.get(SPACE.present) as Float32Array;
  flags.fill(0);
  for (const k of present) flags[k] = 1;

  edit.rows.fill(0);
  let from = 0;
  for (const block of blocks) {
    const matrix = mixing.get(block) as Matrix;
    present.forEach((task, i) => {
      const out = edit.rows.subarray(task * columns + from, task * columns + from + block.size);
      mixRow(memory, block, matrix[i], present, out);
    });
    from += block.size;
  }
  await edit.program.run();
  from = 0;
  for (const block of blocks) {
    const rows = rowsOf(memory.jacobian, block);
    block.rows.forEach((task, i) => {
      const start = task * columns + from;
      const edited = present.includes(task)
        ? edit.edited.subarray(start, start + block.size)
        : new Float32Array(block.size);
      rows.set(edited, i * block.size);
    });
    from += block.size;
  }
  for (const place of edit.assigns) assigned.set(place, 1);
}

/** Σ_j weights[j]·(row of task present[j]) of a block. */
function mixRow(
  memory: Memory,
  block: JacobianBlock,
  weights: readonly number[],
  present: readonly number[],
  out: Float32Array,
): void {
  const values = rowsOf(memory.jacobian, block);
  block.rows.forEach((task, row) => {
    const place = present.indexOf(task);
    const weight = place < 0 ? 0 : weights[place];
    if (weight === 0) return;
    for (let i = 0; i < block.size; i++) out[i] += weight * values[row * block.size + i];
  });
}

async function compileEdit<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { memory, compile }: Compiled,
  surgery: number,
  columns: number,
) {
  const start = performance.now();
  const step = traceEdit(network, layout, surgery, columns);
  const traced = performance.now() - start;
  const tasks = network.tasks.length;
  const rows = new Float32Array(tasks * columns);
  const edited = new Float32Array(tasks * columns);
  const spaces = new Map<string, Values>([
    ...passSpaces(step.inputs),
    [SPACE.present, new Float32Array(tasks)],
    [ROWS_SPACE, rows],
  ]);
  const targets: Target[] = [{ node: step.rows, space: "edited", at: 0 }];
  for (const { variable, value } of step.assigned) {
    targets.push({ node: value, space: OUT.assigned, at: bufferAt(layout, variable) });
  }
  const program = await compile(
    { what: "surgery", graph: step.graph, targets, traced },
    {
      reads: new Map([...memory.spaces, ...spaces]),
      writes: new Map<string, Values>([
        ["edited", edited],
        [OUT.assigned, memory.assigned],
      ]),
    },
  );
  const assigns = step.assigned.map(({ variable }) =>
    layout.buffers.findIndex((buffer) => buffer.variable === variable),
  );
  return {
    inputs: step.inputs,
    spaces,
    rows,
    edited,
    assigns,
    program,
    dispose: () => program.dispose(),
  };
}

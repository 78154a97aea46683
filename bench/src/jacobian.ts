import type { Program } from "@polytask/compiled";
import { binary, createTrainer, eager, input, seededRandom } from "@polytask/core";
import { networkOf } from "@polytask/core/engine";
import {
  columnSpace,
  type Layout,
  layoutOf,
  SPACE,
  type Target,
  traceGather,
} from "@polytask/graph";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs";
// The engine's own compiler: what is compared are steps, not trainers.
import { compile } from "../../packages/compiled/dist/compiler.js";
import { hostLoader } from "../../packages/engine-onnx/dist/program.js";
import { openHost } from "../../packages/engine-onnx/dist/session/index.js";
import { makeCase, WIDTH } from "./cases.ts";
import { alignColumns } from "./table.ts";
import { type Role, type TiledSizes, traceTiled } from "./tiled.ts";
import { type Style, towers } from "./towers.ts";

/** What `input([width])` calls its one column. */
const COLUMN = "input";
const OUT = { losses: "losses out", jacobian: "jacobian out", gradients: "gradients out" } as const;

/** Forward pass, J and own gradients of T = 16 towers: traced from ordinary model code, against one tiled by hand. */
export async function jacobian(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "15" },
      threads: { type: "string", default: "2" },
    },
  });
  await tf.setBackend("cpu");
  const rows = [["towers", "batch", "tiled by hand ms", "vectorised ms", "ratio", "apart"]];
  for (const style of ["batched", "separate"] as const) {
    for (const batch of [256, 2048]) {
      const sizes = makeCase("shared-pcgrad", batch);
      const { tiled, vectorised, apart } = await measureJacobian(style, sizes, {
        rounds: Number(values.rounds),
        threads: Number(values.threads),
      });
      if (!(apart < 1e-5)) throw new Error(`The two forms of J are ${apart} apart.`);
      const ratio = (vectorised / tiled).toFixed(2);
      rows.push([
        style,
        String(batch),
        tiled.toFixed(2),
        vectorised.toFixed(2),
        ratio,
        apart.toExponential(1),
      ]);
    }
  }
  console.log(alignColumns(rows));
}

interface Measured {
  /** Medians, milliseconds. */
  readonly tiled: number;
  readonly vectorised: number;
  /** The largest difference in J, relative to its largest number. */
  readonly apart: number;
}

/** Runs both forms in turn, on the same numbers. */
export async function measureJacobian(
  style: Style,
  { tasks: count, batch, hidden }: TiledSizes,
  { rounds, threads }: { readonly rounds: number; readonly threads: number },
): Promise<Measured> {
  const names = Array.from({ length: count }, (_, k) => `task${k}`);
  await using trainer = await createTrainer(
    Object.fromEntries(names.map((name) => [name, binary()])),
    {
      architecture: towers(style, hidden),
      encoder: input([WIDTH]),
      surgery: pcgrad(),
      engine: eager(),
    },
  );
  const network = networkOf(trainer);
  const layout = layoutOf(network);
  const step = traceGather(
    network,
    layout,
    {
      size: batch,
      tasks: names,
      columns: { [COLUMN]: { shape: [WIDTH], dtype: "float32" } },
      masked: false,
      everyone: true,
    },
    { rows: true, share: 1, sparse: false },
  );
  const traced: readonly Target[] = [
    { node: step.losses, space: OUT.losses, at: 0 },
    ...layout.jacobian.flatMap(({ at }, i) => target(step.jacobian[i], OUT.jacobian, at)),
    ...layout.parameters.flatMap(({ at }, i) => target(step.own[i], OUT.gradients, at)),
  ];
  const byHand = traceTiled({ tasks: count, batch, hidden }, layout, placeIn(layout), [
    columnSpace(COLUMN),
    OUT.losses,
    OUT.jacobian,
    OUT.gradients,
  ]);

  const host = await openHost({ threads, spinning: false }, { worker: false });
  const random = seededRandom(1)("jacobian");
  const normal = (size: number, scale: number): Float32Array =>
    Float32Array.from({ length: size }, () => scale * random.normal());
  const reads = new Map([
    [SPACE.parameters, normal(layout.parameterSize, 0.1)],
    [columnSpace(COLUMN), normal(batch * WIDTH, 1)],
    [SPACE.labels, normal(batch * count, 1).map((x) => Number(x > 0))],
    [SPACE.shares, new Float32Array(count).fill(1 / batch)],
  ]);
  const load = async (graph: typeof step.graph, targets: readonly Target[]): Promise<Loaded> => {
    const writes = new Map([
      [OUT.losses, new Float32Array(count)],
      [OUT.jacobian, new Float32Array(layout.jacobianSize)],
      [OUT.gradients, new Float32Array(layout.parameterSize)],
    ]);
    const what = { what: "step", graph, targets, examples: batch, traced: 0 };
    const program = await compile(what, { reads, writes }, hostLoader(host), () => undefined);
    return { program, rows: writes.get(OUT.jacobian) as Float32Array, times: [] };
  };
  const subjects = [await load(byHand.graph, byHand.targets), await load(step.graph, traced)];
  for (let round = -1; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse()) {
      const time = await timeOf(subject.program);
      if (round >= 0) subject.times.push(time);
    }
  }
  const [tiled, vectorised] = subjects.map(({ times }) => median(times));
  const apart = distance(subjects[0].rows, subjects[1].rows);
  for (const { program } of subjects) await program.dispose();
  await host.close();
  return { tiled, vectorised, apart };
}

interface Loaded {
  readonly program: Program;
  readonly rows: Float32Array;
  readonly times: number[];
}

const target = (node: Target["node"] | undefined, space: string, at: number): readonly Target[] =>
  node ? [{ node, space, at }] : [];

/** The place of a role's first parameter among the layout's: the first task's, where every task has one. */
const placeIn =
  (layout: Layout) =>
  (role: Role): number =>
    layout.parameters.findIndex(({ of: { name } }) =>
      [role, `${role}/task0`].some((wanted) => `/${name}`.endsWith(`/${wanted}`)),
    );

/** Milliseconds of one of several runs, after one that is not counted. */
async function timeOf({ run }: Program): Promise<number> {
  await run();
  const start = performance.now();
  for (let i = 0; i < RUNS; i++) await run();
  return (performance.now() - start) / RUNS;
}

const RUNS = 10;

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];

function distance(a: Float32Array, b: Float32Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0) / largest;
}

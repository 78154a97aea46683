import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { begin } from "./begin.ts";
import { type Case, makeCase, nameOf, sharedParameters } from "./cases.ts";
import { compare, type Row } from "./compare.ts";
import { readOptions } from "./options.ts";
import { type Panel, plot } from "./plot.ts";
import { writeResults } from "./results.ts";
import { alignColumns } from "./table.ts";

const RESULTS = fileURLToPath(new URL("../results/", import.meta.url));

/** One size that grows while the others stay. */
interface Sweep {
  readonly title: string;
  readonly label: string;
  readonly sizeOf: (c: Case) => number;
  readonly cases: readonly Case[];
}

const base = makeCase("shared-pcgrad", 256);

const sweeps: readonly Sweep[] = [
  {
    title: "tasks, batch 256",
    label: "T",
    sizeOf: ({ tasks }) => tasks,
    cases: [2, 4, 8, 16, 32, 64].map((tasks) => ({ ...base, tasks })),
  },
  {
    title: "batch, T = 16",
    label: "rows",
    sizeOf: ({ batch }) => batch,
    cases: [64, 128, 256, 512, 1024, 2048, 4096, 8192].map((batch) => ({ ...base, batch })),
  },
  {
    title: "shared parameters, T = 4, batch 256",
    label: "P",
    sizeOf: sharedParameters,
    cases: [1e4, 1e5, 1e6, 1e7].map((size) => ({ ...base, tasks: 4, hidden: hiddenFor(size) })),
  },
];

/** What a step of PCGrad on a shared bottom costs as tasks, batch and parameters grow; a table, and a plot. */
export async function scale(args: readonly string[]): Promise<void> {
  const options = readOptions("bench scale", args, {
    cases: sweeps.flatMap(({ cases }) => cases),
    implementations: ["polytask-onnx", "torch-batched"],
    rounds: 7,
  });
  const { machine, available } = await begin(options);
  const rows: Row[] = [];
  const panels: Panel[] = [];
  for (const { title, label, sizeOf, cases } of sweeps) {
    console.log(`\n${title}`);
    const table = [[label, ...available.map((name) => `${name} ms`)]];
    const found = new Map(available.map((name) => [name, [] as [number, number][]]));
    for (const c of cases.filter((one) => options.cases.includes(one))) {
      const comparison = await compare(c, available, options);
      rows.push(...comparison.rows);
      for (const { implementation, msMedian } of comparison.rows) {
        found.get(implementation)?.push([sizeOf(c), msMedian]);
      }
      table.push([
        String(sizeOf(c)),
        ...comparison.rows.map(({ msMedian }) => msMedian.toFixed(2)),
      ]);
      console.error(`${nameOf(c)} done`);
    }
    console.log(alignColumns(table));
    panels.push({ title, label, lines: [...found].map(([name, points]) => ({ name, points })) });
  }
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}scale.svg`, plot(panels));
  console.log("\nbench/results/scale.svg is written");
  if (options.json !== undefined) {
    const { rounds } = options;
    const header = { ...machine, rounds, foreignCpuShare: null, compileMilliseconds: {} };
    await writeResults(options.json, { machine: header, rows });
  }
}

/** Two layers, the second half as wide as the first, with about so many parameters: 129.5·h + h²/2 = size. */
function hiddenFor(size: number): readonly [number, number] {
  const half = Math.round((Math.sqrt(129.5 ** 2 + 2 * size) - 129.5) / 2);
  return [2 * half, half];
}

import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { begin } from "./begin.ts";
import { type Case, makeCase, nameOf, sharedParameters } from "./cases.ts";
import { compare, type Comparison } from "./compare.ts";
import { readOptions } from "./options.ts";
import { type Panel, plot } from "./plot.ts";
import { foreignShareOf, resultsOf, shareText, writeResults } from "./results.ts";
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
    sizeOf: (c) => Number(sharedParameters(c).toPrecision(2)),
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
  const { machine, available, devices } = await begin(options);
  const found = new Map<string, Comparison>();
  const panels: Panel[] = [];
  for (const { title, label, sizeOf, cases } of sweeps) {
    const wanted = cases.filter((c) => options.cases.includes(c));
    if (wanted.length === 0) continue;
    const lines = available.map((name) => ({ name, points: [] as [number, number][] }));
    const table = [[label, ...available.map((name) => `${name} ms`)]];
    for (const c of wanted) {
      const name = nameOf(c);
      const comparison = found.get(name) ?? (await compare(c, available, { ...options, devices }));
      found.set(name, comparison);
      const times = comparison.rows.map(({ msMedian }) => msMedian);
      lines.forEach(({ points }, i) => points.push([sizeOf(c), times[i]]));
      table.push([String(sizeOf(c)), ...times.map((ms) => ms.toFixed(2))]);
      console.error(`${name}: ${times.map((ms) => ms.toFixed(2)).join(", ")} ms`);
    }
    console.log(`\n${title}\n${alignColumns(table)}`);
    panels.push({ title, label, lines });
  }
  const share = foreignShareOf([...found.values()]);
  if (share !== null) console.log(`\n${shareText(share)}`);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}scale.svg`, plot(panels));
  console.log("bench/results/scale.svg is written");
  if (options.json !== undefined) {
    await writeResults(options.json, resultsOf(machine, options.rounds, found));
  }
}

/** Two layers, the second half as wide as the first, with about so many parameters: 129.5·h + h²/2 = size. */
function hiddenFor(size: number): readonly [number, number] {
  const half = Math.round((Math.sqrt(129.5 ** 2 + 2 * size) - 129.5) / 2);
  return [2 * half, half];
}

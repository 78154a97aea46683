import { badOption } from "@polytask/core";
import type { Implementation } from "./implementations.ts";
import { median } from "./measure.ts";
import { readResults, type Results, shareText } from "./results.ts";
import { alignColumns } from "./table.ts";

/** What an engine is asked to show on a case: a ratio, and the least that it may be. */
export interface Demand {
  readonly name: string;
  readonly least: number;
  /** Whether the ratio must be greater than `least`, not only as great. */
  readonly strictly: boolean;
  /** Undefined where a run lacks one of the two. */
  readonly ratio: (run: Results, name: string) => number | undefined;
}

/** A demand on a case, with its ratio in every run. */
export interface Verdict {
  readonly case: string;
  readonly demand: string;
  readonly least: number;
  readonly ratios: readonly number[];
  readonly median: number;
  readonly met: boolean;
}

/** Prints, from several files that `step --json` wrote, the median of every ratio that is demanded. */
export async function ratios(files: readonly string[]): Promise<void> {
  if (files.length === 0) throw badOption("bench ratios", "FILES", "given", files);
  const runs = await Promise.all(files.map(readResults));
  runs.forEach(({ machine: { foreignCpuShare } }, i) => {
    if (foreignCpuShare !== null) console.log(`${files[i]}: ${shareText(foreignCpuShare)}`);
  });
  const verdicts = judge(runs);
  console.log(
    alignColumns([
      ["case", "ratio", "runs", "least", "greatest", "median", "demanded", ""],
      ...verdicts.map((verdict) => [
        verdict.case,
        verdict.demand,
        String(verdict.ratios.length),
        Math.min(...verdict.ratios).toFixed(2),
        Math.max(...verdict.ratios).toFixed(2),
        verdict.median.toFixed(2),
        verdict.least.toFixed(2),
        verdict.met ? "met" : "MISSED",
      ]),
    ]),
  );
}

/** A demand is met where the median over the runs is; a case without peers has none. */
export function judge(runs: readonly Results[]): readonly Verdict[] {
  const cases = new Set(runs.flatMap(({ rows }) => rows.map((row) => row.case)));
  return [...cases].flatMap((name) =>
    demandsOn(name).flatMap(({ name: demand, least, strictly, ratio }) => {
      const found = runs.flatMap((run) => ratio(run, name) ?? []);
      if (found.length === 0) return [];
      const middle = median(found);
      const met = strictly ? middle > least : middle >= least;
      return { case: name, demand, least, ratios: found, median: middle, met };
    }),
  );
}

const demandsOn = (name: string): readonly Demand[] => [
  time("torch-libmtl", 3),
  time("torch-batched", name.endsWith("@256") ? 1.2 : 1.05),
  { ...time("jax-jit", 1), strictly: true },
  memory("torch-libmtl"),
  memory("torch-batched"),
  time("tfjs-tensorflow", name.endsWith("@256") ? 4 : 2.5, "polytask-tensorflow"),
  time("torch-batched", 1, "polytask-tensorflow-xla"),
];

/** How many times as long as ours a peer takes. */
const time = (peer: Implementation, least: number, ours = usual): Demand => ({
  name: `time of ${peer}${ours === usual ? "" : ` to ${ours}`}`,
  least,
  strictly: false,
  ratio: quotient(ours, peer, "msMedian"),
});

/** How many times as much memory as our process a peer's has. */
const memory = (peer: Implementation): Demand => ({
  name: `memory of ${peer}`,
  least: 1,
  strictly: false,
  ratio: quotient(usual, peer, "peakMiB"),
});

/** Whose ratios they are where nothing else is said. */
const usual: Implementation = "polytask-onnx";

const quotient =
  (ours: Implementation, peer: Implementation, field: "msMedian" | "peakMiB"): Demand["ratio"] =>
  ({ rows }, name) => {
    const of = (implementation: Implementation): number | undefined =>
      rows.find((row) => row.case === name && row.implementation === implementation)?.[field];
    const [mine, theirs] = [of(ours), of(peer)];
    return mine === undefined || theirs === undefined ? undefined : theirs / mine;
  };

import { readFile, writeFile } from "node:fs/promises";
import type { Comparison, Row } from "./compare.ts";
import type { Machine } from "./machine.ts";
import { median } from "./measure.ts";

/** What `--json` writes, and `ratios` reads. */
export interface Results {
  readonly machine: Machine & {
    readonly rounds: number;
    /** The share of the processors that other processes took, the median of all cases; null where it is not known. */
    readonly foreignCpuShare: number | null;
    /** Of polytask-onnx, by case. */
    readonly compileMilliseconds: Readonly<Record<string, number>>;
  };
  readonly rows: readonly Row[];
}

/** The results of several cases, by name. */
export function resultsOf(
  machine: Machine,
  rounds: number,
  found: ReadonlyMap<string, Comparison>,
): Results {
  const compileMilliseconds = Object.fromEntries(
    [...found].flatMap(([name, { compilation }]) =>
      compilation ? [[name, compilation.milliseconds]] : [],
    ),
  );
  const foreignCpuShare = foreignShareOf([...found.values()]);
  return {
    machine: { ...machine, rounds, foreignCpuShare, compileMilliseconds },
    rows: [...found.values()].flatMap(({ rows }) => rows),
  };
}

/** The median of the cases where it is known. */
export function foreignShareOf(found: readonly Comparison[]): number | null {
  const shares = found.flatMap(({ foreignShare }) => foreignShare ?? []);
  return shares.length > 0 ? median(shares) : null;
}

export const shareText = (share: number): string =>
  `other processes took ${(100 * share).toFixed(1)} % of the processors` +
  (share > MUCH ? ": too much for times that are worth quoting" : "");

/** Peers that wait for each other's threads lose far more than this share. */
const MUCH = 0.05;

export const writeResults = (file: string, results: Results): Promise<void> =>
  writeFile(file, `${JSON.stringify(results, null, 2)}\n`);

export const readResults = async (file: string): Promise<Results> =>
  JSON.parse(await readFile(file, "utf8")) as Results;

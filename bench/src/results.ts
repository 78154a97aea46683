import { readFile, writeFile } from "node:fs/promises";
import type { Row } from "./compare.ts";
import type { Machine } from "./machine.ts";

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

export const writeResults = (file: string, results: Results): Promise<void> =>
  writeFile(file, `${JSON.stringify(results, null, 2)}\n`);

export const readResults = async (file: string): Promise<Results> =>
  JSON.parse(await readFile(file, "utf8")) as Results;

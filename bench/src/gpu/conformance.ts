import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Case, makeCase, nameOf } from "../cases.ts";
import { agree, type Difference, type WholeCheck, wholeDifferenceOf } from "../check.ts";
import { type Implementation, start } from "../implementations.ts";
import { makeState, writeState } from "../state.ts";
import { alignColumns } from "../table.ts";
import type { GpuOptions } from "./index.ts";
import type { Subjects } from "./subjects.ts";

/** How far an implementation's gradients are from those of the eager engine on the CPU, or why that is not known. */
export interface Finding {
  readonly case: string;
  readonly implementation: Implementation;
  readonly device: string;
  readonly agrees: boolean;
  readonly difference?: Difference;
  readonly error?: string;
}

/** Float32 on both sides, in sums of another order. */
const TOLERANCE = 1e-5;
const REFERENCE: Implementation = "tfjs-cpu";

/** With so many tasks that some conflict: else PCGrad's products of all rows of J come to nothing, and its step is the sum. */
const TASKS = 4;
export const cases: readonly Case[] = [
  makeCase("mmoe-sum", 32),
  { ...makeCase("mmoe-pcgrad", 32), tasks: TASKS },
  { ...makeCase("shared-pcgrad", 32), tasks: TASKS, hidden: [64, 32] },
];
export const quickCases: readonly Case[] = [
  { ...makeCase("mmoe-pcgrad", 8), tasks: TASKS, hidden: [8, 4] },
];

/** Prints what `check` finds; whether all agrees. */
export async function conformance(subjects: Subjects, options: GpuOptions): Promise<boolean> {
  const findings = await checkAll(subjects, options);
  return findings.every(({ agrees }) => agrees);
}

/** One step from one state, on every adapter and on the CPU: losses, and gradients as wholes. */
export async function checkAll(
  { ours, devices }: Subjects,
  { quick, threads }: GpuOptions,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const c of quick ? quickCases : cases) {
    await withState(c, async (prefix) => {
      const wanted = await gradientsOf(REFERENCE, c, { threads, prefix });
      for (const implementation of ours) {
        const base = {
          case: nameOf(c),
          implementation,
          device: devices.get(implementation)?.name ?? "",
        };
        try {
          const difference = wholeDifferenceOf(
            await gradientsOf(implementation, c, { threads, prefix }),
            wanted,
          );
          findings.push({ ...base, agrees: agree(difference, TOLERANCE), difference });
        } catch (error) {
          findings.push({ ...base, agrees: false, error: (error as Error).message });
        }
      }
    });
  }
  report(findings);
  return findings;
}

interface Place {
  readonly threads: number;
  readonly prefix: string;
}

async function gradientsOf(name: Implementation, c: Case, place: Place): Promise<WholeCheck> {
  const child = await start(name, c, place);
  try {
    return JSON.parse(await child.ask("gradients")) as WholeCheck;
  } finally {
    child.stop();
  }
}

async function withState(c: Case, run: (prefix: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "polytask-conformance-"));
  try {
    const prefix = join(folder, "state");
    await writeState(prefix, makeState(c));
    await run(prefix);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function report(findings: readonly Finding[]): void {
  console.log(
    `\nOne step from one state, against ${REFERENCE}; at most ${TOLERANCE} may lie between.`,
  );
  console.log(
    alignColumns([
      ["case", "implementation", "losses", "gradients", ""],
      ...findings.map(({ case: name, implementation, difference, agrees }) => [
        name,
        implementation,
        difference?.losses.toExponential(1) ?? "–",
        difference?.gradients.toExponential(1) ?? "–",
        agrees ? "ok" : "FAILED",
      ]),
    ]),
  );
  for (const { case: name, implementation, error } of findings) {
    if (error !== undefined) console.log(`${name}, ${implementation}: ${error}`);
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Case, hasPeers, nameOf, sharedParameters } from "./cases.ts";
import { agree, type Check, type Difference, differenceOf, toleranceFor } from "./check.ts";
import type { Child } from "./child.ts";
import { createCpuMeter } from "./cpu.ts";
import type { Devices } from "./devices.ts";
import type { Compilation } from "./engines.ts";
import { type Implementation, start } from "./implementations.ts";
import { measure, median } from "./measure.ts";
import { makeState, writeState } from "./state.ts";

/** A line of the results file. */
export interface Row {
  readonly case: string;
  readonly implementation: Implementation;
  readonly msMedian: number;
  readonly msMin: number;
  readonly peakMiB: number;
  /** What it computed on, where that is not the machine's processors. */
  readonly device?: string;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** The greatest that was found between two implementations; absent where there is only one. */
  readonly difference?: Difference;
  readonly foreignShare: number | undefined;
  /** Of polytask-onnx, where it takes part and says so. */
  readonly compilation: Compilation | undefined;
}

export interface CompareOptions {
  readonly rounds: number;
  readonly threads: number;
  readonly devices: Devices;
}

/**
 * Proves that all implementations take the same step from one state, then times them in turn.
 *
 * Proof and times come from different processes, so that peak memory is that of training alone.
 *
 * @throws Error where two implementations disagree, or one fails.
 */
export async function compare(
  c: Case,
  names: readonly Implementation[],
  { rounds, threads, devices }: CompareOptions,
): Promise<Comparison> {
  const folder = await mkdtemp(join(tmpdir(), "polytask-bench-"));
  const prefix = join(folder, "state");
  const children = new Map<Implementation, Child>();
  try {
    if (hasPeers(c)) await writeState(prefix, makeState(c));
    const difference = await prove(c, names, { threads, prefix });
    for (const name of names) children.set(name, await start(name, c, { threads, prefix }));
    const meter = createCpuMeter([process.pid, ...[...children.values()].map(({ pid }) => pid)]);
    const times = await measure(children, rounds, meter);

    const rows: Row[] = [];
    for (const [name, child] of children) {
      const ms = times.get(name) ?? [];
      const peakMiB = Number(await child.ask("rss"));
      const device = devices.get(name)?.name;
      rows.push({
        case: nameOf(c),
        implementation: name,
        msMedian: median(ms),
        msMin: Math.min(...ms),
        peakMiB,
        ...(device !== undefined && { device }),
      });
    }
    const compiled = await children.get("polytask-onnx")?.ask("compile");
    return {
      rows,
      ...(difference && { difference }),
      foreignShare: meter.foreignShare(),
      compilation: compiled === undefined ? undefined : (JSON.parse(compiled) as Compilation),
    };
  } finally {
    for (const child of children.values()) child.stop();
    await rm(folder, { recursive: true });
  }
}

/** Compares all with the first, one after another. */
async function prove(
  c: Case,
  names: readonly Implementation[],
  place: { readonly threads: number; readonly prefix: string },
): Promise<Difference | undefined> {
  const [reference, ...others] = names;
  if (others.length === 0) return undefined;
  const wanted = await checkOf(reference, c, place);
  let greatest: Difference = { losses: 0, gradients: 0 };
  for (const name of others) {
    const difference = differenceOf(await checkOf(name, c, place), wanted);
    if (!agree(difference, toleranceFor(sharedParameters(c)))) {
      const { losses, gradients } = difference;
      throw new Error(
        `${nameOf(c)}: ${name} and ${reference} must take the same step; losses differ by ${losses}, ` +
          `gradients by ${gradients} of their norm. No time was taken.`,
      );
    }
    greatest = {
      losses: Math.max(greatest.losses, difference.losses),
      gradients: Math.max(greatest.gradients, difference.gradients),
    };
  }
  return greatest;
}

async function checkOf(
  name: Implementation,
  c: Case,
  place: { readonly threads: number; readonly prefix: string },
): Promise<Check> {
  const child = await start(name, c, place);
  try {
    return JSON.parse(await child.ask("check")) as Check;
  } finally {
    child.stop();
  }
}

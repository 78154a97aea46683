import { fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  caseName,
  gradientCases,
  gradientDistance,
  gradientsAgree,
  type GradientOutcome,
} from "@polytask/testkit/gradients";
import type { Implementation } from "../implementations.ts";
import { alignColumns } from "../table.ts";
import type { GpuOptions } from "./index.ts";
import type { Subjects } from "./subjects.ts";

/** What an implementation makes of one case, held against the CPU's. */
export interface SweepFinding {
  readonly case: string;
  readonly outcome: GradientOutcome;
  /** How far it is from the CPU's, or why it is missing. */
  readonly distance?: number;
  readonly error?: string;
}

/** Gradients by the name of the case; a text says why there are none. */
export type Gradients = ReadonlyMap<string, readonly Float32Array[] | string>;

const CHILD = fileURLToPath(new URL("sweep-child.js", import.meta.url));
const REFERENCE: Implementation = "tfjs-cpu";

/** The gradients of every case of the testkit's sweep, on every adapter and on the CPU; whether none is wrong. */
export async function sweep(
  { gpus, ours, devices }: Subjects,
  { threads, json }: GpuOptions,
): Promise<boolean> {
  const wanted = await gradientsOf(REFERENCE, threads);
  const findings = new Map<Implementation, readonly SweepFinding[]>();
  for (const name of ours) findings.set(name, held(await gradientsOf(name, threads), wanted));
  report(findings);
  const all = { gpus, devices: Object.fromEntries(devices), sweep: Object.fromEntries(findings) };
  await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
  console.log(`\n${json} is written`);
  return [...findings.values()].flat().every(({ outcome }) => outcome !== "wrong");
}

function gradientsOf(name: Implementation, threads: number): Promise<Gradients> {
  return new Promise((resolve) => {
    const found = new Map<string, readonly Float32Array[] | string>();
    // Advanced: typed arrays arrive as such.
    const child = fork(CHILD, [name, String(threads)], { serialization: "advanced" });
    child.on("message", ([place, result]: [string, readonly Float32Array[] | string]) => {
      found.set(place, result);
    });
    child.on("close", (code, signal) => {
      if (code !== 0) console.error(`${name} ended (${code ?? signal}) after ${found.size} cases`);
      resolve(found);
    });
  });
}

/** What was found, case by case; one that the process did not come to is missing. */
export function held(found: Gradients, wanted: Gradients): readonly SweepFinding[] {
  return gradientCases.map((of) => {
    const name = caseName(of);
    const [ours, theirs] = [found.get(name), wanted.get(name)];
    if (ours === undefined) return { case: name, outcome: "missing", error: "its process ended" };
    if (typeof ours === "string") return { case: name, outcome: "missing", error: ours };
    if (theirs === undefined || typeof theirs === "string") {
      return { case: name, outcome: "wrong", error: `${REFERENCE} has none to compare: ${theirs}` };
    }
    const outcome = gradientsAgree(of, ours, theirs) ? "right" : "wrong";
    return { case: name, outcome, distance: gradientDistance(ours, theirs) };
  });
}

function report(findings: ReadonlyMap<Implementation, readonly SweepFinding[]>): void {
  const outcomes: readonly GradientOutcome[] = ["right", "missing", "wrong"];
  console.log(`\nGradients of ${gradientCases.length} cases, against ${REFERENCE}`);
  console.log(
    alignColumns([
      ["implementation", ...outcomes],
      ...[...findings].map(([name, found]) => [
        name,
        ...outcomes.map((what) => String(found.filter(({ outcome }) => outcome === what).length)),
      ]),
    ]),
  );
  for (const [name, found] of findings) {
    for (const { case: of, outcome, distance, error } of found) {
      if (outcome === "right") continue;
      const why = error?.split("\n")[0] ?? `${distance?.toExponential(1)} away`;
      console.log(`${name}, ${of}: ${outcome}, ${why}`);
    }
  }
}

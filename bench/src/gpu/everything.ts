import { writeFile } from "node:fs/promises";
import { type Case, makeCase, nameOf } from "../cases.ts";
import { compare, type Comparison } from "../compare.ts";
import type { Implementation } from "../implementations.ts";
import { describeMachine } from "../machine.ts";
import { resultsOf } from "../results.ts";
import { report } from "../step.ts";
import { checkAll, type Finding, quickCases } from "./conformance.ts";
import type { GpuOptions } from "./index.ts";
import type { Subjects } from "./subjects.ts";

/** The telling ones first: a machine may be lent for minutes. */
const cases: readonly Case[] = [256, 2048].flatMap((batch) =>
  (["mmoe-pcgrad", "shared-pcgrad", "mmoe-sum"] as const).map((model) => makeCase(model, batch)),
);
const ROUNDS = 7;
const QUICK_ROUNDS = 1;
const MINUTE_MS = 60_000;
/** No case begins that might end later than the minutes that were given; a driver may hang all the same. */
const PATIENCE = 1.5;

/** Conformance, then times of one step of those that conform beside PyTorch on the same GPU; all of it in one file. */
export async function everything(subjects: Subjects, options: GpuOptions): Promise<boolean> {
  const began = performance.now();
  const { quick, minutes, threads, json } = options;
  const { gpus, devices, peers, ours, theirs } = subjects;
  const machine = {
    ...(await describeMachine(threads, peers)),
    gpus,
    devices: Object.fromEntries(devices),
  };
  const rounds = quick ? QUICK_ROUNDS : ROUNDS;
  const failures: string[] = [];
  const leftOut: string[] = [];
  const found = new Map<string, Comparison>();
  let conformance: readonly Finding[] = [];
  // After every part: whoever stops this run early keeps what it has.
  const write = async (): Promise<void> => {
    const results = resultsOf(machine, rounds, found);
    const all = { ...results, conformance, failures, leftOut };
    await writeFile(json, `${JSON.stringify(all, null, 2)}\n`);
  };
  setTimeout(
    () => {
      failures.push(`there was no end after ${PATIENCE * minutes} minutes: something hangs`);
      void write().finally(() => process.exit(1));
    },
    PATIENCE * minutes * MINUTE_MS,
  ).unref();
  conformance = await checkAll(subjects, options);
  await write();

  const conforms = (name: Implementation): boolean =>
    conformance.every(({ implementation, agrees }) => implementation !== name || agrees);
  const sound: readonly Implementation[] = ["polytask-onnx", ...ours.filter(conforms)];
  let longest = 0;
  for (const c of quick ? quickCases : cases) {
    const name = nameOf(c);
    const start = performance.now();
    if (start - began + longest > minutes * MINUTE_MS) {
      leftOut.push(name);
      continue;
    }
    console.log(`\n${name}, T = ${c.tasks}`);
    // Where one of theirs takes another step, ours are still worth a time.
    for (const names of theirs.length > 0 ? [[...sound, ...theirs], sound] : [sound]) {
      try {
        const comparison = await compare(c, names, { rounds, threads, devices });
        report(comparison);
        found.set(name, comparison);
        break;
      } catch (error) {
        failures.push((error as Error).message);
        console.error((error as Error).message);
      }
    }
    await write();
    longest = Math.max(longest, performance.now() - start);
  }
  await write();
  if (leftOut.length > 0) console.log(`\nLeft out after ${minutes} minutes: ${leftOut.join(", ")}`);
  console.log(`\n${json} is written`);
  return failures.length === 0 && conformance.every(({ agrees }) => agrees);
}

import type { Child } from "./child.ts";
import type { CpuMeter } from "./cpu.ts";

/** How long a round of one implementation should last, and how many steps it has at least. */
const ROUND_MS = 120;
const LEAST_STEPS = 3;
/** A step that takes this long gets rounds of one step, and few of them. */
const SLOW_MS = 400;
const SLOW_ROUNDS = 3;
/**
 * V8 compiles functions of a step in the background for its first thousands of calls; each time a thread of the step's
 * two loses its core for 4 ms. After 300 ms of warm-up that took a tenth of mmoe-sum@256's mean step.
 */
const WARM_UP_MS = 3000;
/** Between rounds: thread pools that spin for more work, some for a third of a second, would take time from the next. */
const PAUSE_MS = 400;

interface Plan {
  readonly steps: number;
  readonly rounds: number;
}

/** Milliseconds per step of every round, by implementation: rounds in turn, to and fro, after a warm-up. */
export async function measure(
  children: ReadonlyMap<string, Child>,
  rounds: number,
  meter: CpuMeter,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const plans = new Map<string, Plan>();
  for (const [name, child] of children) plans.set(name, planFor(await warmUp(child), rounds));
  const times = new Map([...children.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    const turn = [...children];
    if (round % 2 === 1) turn.reverse();
    for (const [name, child] of turn) {
      const plan = plans.get(name);
      if (!plan || round >= plan.rounds) continue;
      await pause();
      times.get(name)?.push(Number(await meter.during(() => child.ask(`run ${plan.steps}`))));
    }
  }
  return times;
}

export const planFor = (ms: number, rounds: number): Plan =>
  ms > SLOW_MS
    ? { steps: 1, rounds: Math.min(rounds, SLOW_ROUNDS) }
    : { steps: Math.max(LEAST_STEPS, Math.ceil(ROUND_MS / ms)), rounds };

/** Runs until compilers and caches have settled; the last time of a step. */
async function warmUp(child: Child): Promise<number> {
  await child.ask("run 1");
  let ms = Number(await child.ask("run 1"));
  for (let spent = ms; spent < WARM_UP_MS;) {
    const steps = Math.max(1, Math.ceil(WARM_UP_MS / 3 / ms));
    ms = Number(await child.ask(`run ${steps}`));
    spent += steps * ms;
  }
  return ms;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

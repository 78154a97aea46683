import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What the process holds, in MiB, after what is dead has gone. */
interface Held {
  /** All of it, native code's share, too. It breathes by some MiB. */
  readonly resident: number;
  /** Objects and arrays of this thread alone, to the byte. */
  readonly objects: number;
}

async function held(): Promise<Held> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { resident: rss / 2 ** 20, objects: (heapUsed + arrayBuffers) / 2 ** 20 };
}

/**
 * What the process holds more after `run`: the median of five runs in a row. What leaks does so in each of them; a heap
 * that is given more room, or given back, changes one.
 */
export async function growth(run: () => Promise<void>): Promise<Held> {
  const looks = [await held()];
  for (let i = 0; i < 5; i++) {
    await run();
    looks.push(await held());
  }
  const median = (of: keyof Held): number =>
    looks
      .slice(1)
      .map((look, i) => look[of] - looks[i][of])
      .sort((a, b) => a - b)[2];
  return { resident: median("resident"), objects: median("objects") };
}

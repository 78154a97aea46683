import { readFileSync } from "node:fs";

/** Clock ticks of all processors: all that passed, those not idle, those of the given processes. */
interface CpuTimes {
  readonly total: number;
  readonly busy: number;
  readonly own: number;
}

/** Reads /proc; undefined on systems without it. */
function readCpu(pids: readonly number[]): CpuTimes | undefined {
  try {
    const own = pids.map((pid) => processTicks(readFileSync(`/proc/${pid}/stat`, "utf8")));
    return {
      ...machineTicks(readFileSync("/proc/stat", "utf8")),
      own: own.reduce((a, b) => a + b, 0),
    };
  } catch {
    return undefined;
  }
}

/** Of the first line, "cpu user nice system idle iowait irq softirq steal …"; guests are in user already. */
export function machineTicks(stat: string): { readonly total: number; readonly busy: number } {
  const [user, nice, system, idle, iowait, irq, softirq, steal] = stat
    .slice(0, stat.indexOf("\n"))
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
}

/** User and system time, fields 14 and 15; the second field is a name in parentheses that may hold anything. */
export function processTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Adds up what other processes took while something ran. */
export interface CpuMeter {
  readonly during: <Value>(run: () => Promise<Value>) => Promise<Value>;
  /** Of the machine's processors, over all runs; undefined where it cannot be known. */
  readonly foreignShare: () => number | undefined;
}

export function createCpuMeter(pids: readonly number[]): CpuMeter {
  let total = 0;
  let foreign = 0;
  return {
    during: async (run) => {
      const before = readCpu(pids);
      const value = await run();
      const after = readCpu(pids);
      if (before && after) {
        total += after.total - before.total;
        foreign += after.busy - before.busy - (after.own - before.own);
      }
      return value;
    },
    foreignShare: () => (total > 0 ? Math.max(0, foreign / total) : undefined),
  };
}

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { badOption } from "@polytask/core";
import { median } from "./measure.ts";
import { alignColumns } from "./table.ts";

/** A shared bottom with PCGrad and Adam, as one process runs it. */
export interface MemoryCase {
  /** A compiled engine's name, as `step` has it. */
  readonly engine: string;
  readonly width: number;
  readonly hidden: readonly number[];
  readonly tasks: number;
  readonly batch: number;
  readonly memory: "stored" | "lean";
  readonly threads: number;
  readonly steps: number;
}

/** What such a process says of itself. */
export interface MemoryFound {
  readonly msMedian: number;
  /** Its largest resident set. */
  readonly peakMiB: number;
  readonly diagnostics: number;
}

const ENGINES = ["polytask-onnx", "polytask-tensorflow", "polytask-tensorflow-xla"];
const TASKS = 16;
const STEPS = 6;
/** What is to be saved of all tasks' gradients. */
const SHARE = 0.8;

/** Ten million shared parameters. */
const cases: Readonly<Record<string, Pick<MemoryCase, "width" | "hidden">>> = {
  "one layer": { width: 3162, hidden: [3162] },
  "ten layers": { width: 1000, hidden: new Array<number>(10).fill(1000) },
};

const CHILD = fileURLToPath(new URL("memory-child.js", import.meta.url));

/**
 * What the lean mode saves and what it costs: `[--engine NAME] [--rounds N] [--threads N] [--batch N]`. Every measurement
 * is a process of its own, the modes in turn; of the peaks the largest, of the times the median.
 */
export async function memory(args: readonly string[]): Promise<void> {
  const { engine, rounds, threads, batch } = readOptions(args);
  console.log(
    `${engine}: T = ${TASKS}, batch ${batch}, ${threads} threads, ${rounds} rounds of ${STEPS} steps`,
  );
  for (const [name, sizes] of Object.entries(cases)) {
    const found = { stored: [] as MemoryFound[], lean: [] as MemoryFound[] };
    for (let round = 0; round < rounds; round++) {
      for (const mode of ["stored", "lean"] as const) {
        found[mode].push(
          await measure({
            ...sizes,
            engine,
            tasks: TASKS,
            batch,
            memory: mode,
            threads,
            steps: STEPS,
          }),
        );
      }
    }
    const rows = (["stored", "lean"] as const).map((mode) => ({
      mode,
      ms: median(found[mode].map(({ msMedian }) => msMedian)),
      peak: Math.max(...found[mode].map(({ peakMiB }) => peakMiB)),
      diagnostics: Math.max(...found[mode].map(({ diagnostics }) => diagnostics)),
    }));
    const [stored, lean] = rows;
    const gradients = (TASKS * sharedParameters(sizes) * 4) / 2 ** 20;
    const saved = stored.peak - lean.peak;
    console.log(`\n${name}, P = ${sharedParameters(sizes).toLocaleString("en")}`);
    console.log(
      alignColumns([
        ["memory", "ms a step", "peak MiB", "diagnostics"],
        ...rows.map(({ mode, ms, peak, diagnostics }) => [
          mode,
          ms.toFixed(0),
          peak.toFixed(0),
          String(diagnostics),
        ]),
      ]),
    );
    console.log(
      `lean saves ${saved.toFixed(0)} MiB, ${(saved / gradients).toFixed(2)} of T·P·4 = ${gradients.toFixed(0)} MiB ` +
        `(${saved >= SHARE * gradients ? "met" : "MISSED"}: ${SHARE}), in ${(lean.ms / stored.ms).toFixed(2)} × the time`,
    );
  }
}

async function measure(c: MemoryCase): Promise<MemoryFound> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, JSON.stringify(c)]);
  return JSON.parse(stdout) as MemoryFound;
}

const sharedParameters = ({ width, hidden }: Pick<MemoryCase, "width" | "hidden">): number =>
  hidden.reduce((sum, units, i) => sum + (i === 0 ? width : hidden[i - 1]) * units + units, 0);

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: "string", default: ENGINES[0] },
      rounds: { type: "string", default: "3" },
      threads: { type: "string", default: "2" },
      batch: { type: "string", default: "256" },
    },
  });
  const number = (name: keyof typeof values): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value > 0) return value;
    throw badOption("bench memory", name, "a whole number of at least 1", values[name]);
  };
  const { engine } = values;
  if (!ENGINES.includes(engine)) {
    throw badOption("bench memory", "engine", `one of ${ENGINES.join(", ")}`, engine);
  }
  return { engine, rounds: number("rounds"), threads: number("threads"), batch: number("batch") };
}

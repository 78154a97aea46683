import { parseArgs } from "node:util";
import { SOFTWARE } from "../devices.ts";
import { conformance } from "./conformance.ts";
import { doctor } from "./doctor.ts";
import { everything } from "./everything.ts";
import { findSubjects, type Subjects } from "./subjects.ts";
import { sweep } from "./sweep.ts";

/** What `run.sh` of the GPU bundle exits with; README and docs/gpu-bundle.md list them. */
const FAILED = 1;
const USAGE = 2;
const NO_ADAPTER = 3;

export interface GpuOptions {
  /** One case of few numbers, and few rounds: on a software adapter all of it then takes a minute or two. */
  readonly quick: boolean;
  /** Whether an adapter that computes on processors will do. */
  readonly software: boolean;
  readonly json: string;
  readonly minutes: number;
  readonly threads: number;
}

type Command = (subjects: Subjects, options: GpuOptions) => Promise<boolean>;

const commands: Readonly<Record<string, Command>> = {
  doctor: async () => true,
  conformance,
  sweep,
  bench: everything,
};

/** `gpu doctor | conformance | sweep | bench [--quick] [--software] [--json FILE] [--minutes N] [--threads N]`: see docs/gpu-bundle.md. */
export async function gpu(args: readonly string[]): Promise<void> {
  const asked = read(args);
  if (typeof asked === "string") {
    console.error(asked);
    process.exitCode = USAGE;
    return;
  }
  if (asked.software) process.env[SOFTWARE] = "1";
  const subjects = await findSubjects();
  doctor(subjects);
  if (subjects.ours.length === 0) {
    process.exitCode = NO_ADAPTER;
    return;
  }
  if (!(await commands[asked.command](subjects, asked))) process.exitCode = FAILED;
}

function read(args: readonly string[]): (GpuOptions & { readonly command: string }) | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        software: { type: "boolean", default: false },
        json: { type: "string", default: "results.json" },
        minutes: { type: "string", default: "8" },
        threads: { type: "string", default: "2" },
      },
    });
    const [command = "doctor", ...more] = positionals;
    const minutes = Number(values.minutes);
    const threads = Number(values.threads);
    if (!Object.hasOwn(commands, command) || more.length > 0) {
      const known = Object.keys(commands).join(", ");
      return `gpu needs one of ${known}; found ${positionals.join(" ")}. Name one.`;
    }
    if (!(minutes > 0) || !(Number.isInteger(threads) && threads > 0)) {
      return "gpu needs --minutes above 0 and --threads a whole number of at least 1.";
    }
    const { quick, software, json } = values;
    return { command, quick, software, json, minutes, threads };
  } catch (error) {
    return `${(error as Error).message}. Options: --quick, --software, --json FILE, --minutes N, --threads N.`;
  }
}

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer } from "./answer.ts";

/** How a process that tried a backend ended. */
export interface Outcome {
  /** Undefined if it ended otherwise than by itself. */
  readonly answer?: Answer;
  /** What it was at. */
  readonly stage: string;
  readonly signal: NodeJS.Signals | null;
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stderr: string;
}

const MINUTES = 3;

/** Runs a program of this package in a process that a broken library may take down. */
export async function runChild(
  program: URL,
  args: readonly string[],
  { signal, timeout = MINUTES * 60_000 }: { signal?: AbortSignal; timeout?: number } = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // TensorFlow's warnings say which library of CUDA is missing
    env: { TF_CPP_MIN_LOG_LEVEL: "1", TF_FORCE_GPU_ALLOW_GROWTH: "true", ...process.env },
    ...(signal && { signal }),
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeout);
  try {
    const [exitCode, endedBy] = await new Promise<[number | null, NodeJS.Signals | null]>(
      (resolve, reject) => {
        child.once("error", reject).once("close", (...how) => resolve(how));
      },
    );
    const lines = stdout.split("\n").flatMap(parse);
    const answer = lines.find((line): line is Answer => !("stage" in line));
    return {
      ...(exitCode === 0 && answer && { answer }),
      stage: lines.findLast((line) => "stage" in line)?.stage ?? "starting",
      signal: endedBy,
      exitCode,
      timedOut,
      stderr,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** A backend may print lines of its own. */
function parse(line: string): (Answer | { readonly stage: string })[] {
  if (!line.startsWith("{")) return [];
  try {
    return [JSON.parse(line) as Answer | { readonly stage: string }];
  } catch {
    return [];
  }
}

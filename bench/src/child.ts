import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that answers each line with one line. */
export interface Child {
  readonly pid: number;
  readonly ask: (line: string) => Promise<string>;
  readonly stop: () => void;
}

/** Starts a program and waits for its "ready". An error quotes the end of what the program wrote to standard error. */
export async function startChild(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const what = `${[command, ...args].join(" ")} ended (${code ?? signal})`;
      reject(new Error(`${what}\n${complaint.trim()}`));
    });
  });
  // Whoever asks next hears of it.
  ended.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const next = await Promise.race([lines.next(), ended]);
    return next.done ? ended : next.value;
  };

  if ((await nextLine()) !== "ready") throw new Error(`${command} did not start with "ready"`);
  return {
    pid: child.pid ?? 0,
    ask: (line) => {
      child.stdin.write(`${line}\n`);
      return nextLine();
    },
    stop: () => {
      child.kill();
    },
  };
}

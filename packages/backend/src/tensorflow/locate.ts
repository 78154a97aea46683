import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A package as it lies on the disk. */
export interface Located {
  readonly name: string;
  readonly folder: string;
  readonly version: string;
}

/**
 * The package that an import in `from` (a file or folder; default: this package) would find. Loads nothing, and reads
 * the manifest also where the package does not export it.
 */
export function locate(
  name: string,
  from: string = fileURLToPath(import.meta.url),
): Located | undefined {
  // Node looks in node_modules of every folder above; that a file has none below it does no harm
  const roots = createRequire(join(from, "any.js")).resolve.paths(name) ?? [];
  const folder = roots
    .map((root) => join(root, name))
    .find((place) => existsSync(join(place, "package.json")));
  if (folder === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly version: string;
  };
  return { name, folder: realpathSync(folder), version };
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A package that binds TensorFlow's own library to Node. */
export interface Installation {
  readonly name: "@tensorflow/tfjs-node-gpu" | "@tensorflow/tfjs-node";
  readonly folder: string;
  readonly version: string;
}

/** The packages that bind TensorFlow, in the order in which they are looked for. */
export const bindings: readonly Installation["name"][] = [
  "@tensorflow/tfjs-node-gpu",
  "@tensorflow/tfjs-node",
];

/** tfjs-node packages that can be resolved from `from` (a file or folder; default: this package), GPU one first. */
export function findInstallations(
  from: string = fileURLToPath(import.meta.url),
): readonly Installation[] {
  // Node looks in node_modules of every folder above; that a file has none below it does no harm
  const { resolve } = createRequire(join(from, "any.js"));
  return bindings.flatMap((name) => {
    let manifest: string;
    try {
      manifest = resolve(`${name}/package.json`);
    } catch {
      return [];
    }
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
    return [{ name, folder: dirname(manifest), version }];
  });
}

import { locate } from "./locate.ts";

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
export function findInstallations(from?: string): readonly Installation[] {
  return bindings.flatMap((name) => {
    const found = locate(name, from);
    return found ? [{ ...found, name }] : [];
  });
}

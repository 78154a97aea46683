import { dirname, join, sep } from "node:path";
import { readOrigin } from "./origin.ts";
import type { Installation } from "./installation.ts";

/** The command that builds an addon; what is not known is named as in its usage. */
export function buildCommand({ from, to, name }: BuildCommand = {}): string {
  const options = [
    `--from ${from === undefined ? "DIR_OR_WHEEL" : quoted(from)}`,
    ...(to === undefined ? [] : [`--to ${quoted(to)}`]),
    ...(name === undefined ? [] : [`--package ${name}`]),
  ];
  return `npx polytask-backend build-tensorflow ${options.join(" ")}`;
}

interface BuildCommand {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly name?: Installation["name"];
}

/** Where the command takes a TensorFlow from, for those who have none. */
export const getTensorFlow =
  "a wheel will do: python3 -m pip download --no-deps tensorflow-cpu==2.21.0";

export function anotherTensorFlow(name: Installation["name"]): string {
  return `Build against another TensorFlow, 2.21.0 for one: ${buildCommand({ name })} (${getTensorFlow})`;
}

/** How to get a whole copy of a library in the place of a broken one. */
export async function wholeLibrary(file: string, name: Installation["name"]): Promise<string> {
  const folder = dirname(file);
  const origin = await readOrigin(folder);
  if (origin) return `Unpack it again: ${buildCommand({ from: origin.wheel, to: folder, name })}`;
  const build = `then: ${buildCommand({ from: folder, name })}`;
  const environment = folder.split(`${sep}lib${sep}`).at(0) ?? "";
  if (folder.includes("-packages"))
    return `Install TensorFlow again: ${quoted(join(environment, "bin", "python3"))} -m pip install --force-reinstall --no-deps tensorflow (or tensorflow-cpu, whichever it was); ${build}`;
  return `Put a whole copy of it there (unpack or download it again; compare its size with the source's); ${build}`;
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
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
  const again = `then: ${buildCommand({ from: folder, name })}`;
  const pip = await reinstall(folder);
  return pip === undefined
    ? `Put a whole copy of it there (unpack or download it again; compare its size with the source's); ${again}`
    : `Install TensorFlow again: ${pip}; ${again}`;
}

/** The command that installs a pip TensorFlow again, if the folder is one's. */
async function reinstall(folder: string): Promise<string | undefined> {
  const environment = /^(.*)\/lib\/[^/]+\/(?:site|dist)-packages\//.exec(folder)?.[1];
  if (environment === undefined) return undefined;
  const files = await readdir(dirname(folder)).catch(() => []);
  const found = files.flatMap((file) => pipName.exec(file) ?? []);
  const wanted =
    found.length === 0 ? "tensorflow" : `${found[1].replaceAll("_", "-")}==${found[2]}`;
  return `${quoted(`${environment}/bin/python3`)} -m pip install --force-reinstall --no-deps ${wanted}`;
}

const pipName = /^(tensorflow(?:_cpu|_gpu|_rocm|_cpu_aws)?)-([^-]+)\.dist-info$/;

/** How to let this user read a file. */
export const makeReadable = (file: string): string =>
  `Let this user read it: chmod a+r ${quoted(file)}.`;

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

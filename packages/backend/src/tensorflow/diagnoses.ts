import { realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Elf, ElfFault } from "./elf.ts";
import type { Fault, FileProblem } from "./faults.ts";
import type { Installation } from "./installation.ts";
import {
  anotherTensorFlow,
  buildCommand,
  getTensorFlow,
  makeReadable,
  wholeLibrary,
} from "./remedies.ts";
import { definedSymbols, undefinedSymbols } from "./symbols.ts";

export function missingAddon({ name }: Installation, path: string): Fault {
  return {
    code: "addon-missing",
    found: `${name} has no compiled addon; it looks for ${path}`,
    remedy: `Build it: ${buildCommand({ name })} (${getTensorFlow})`,
  };
}

export function brokenAddon({ name }: Installation, path: string, fault: ElfFault): Fault {
  return {
    code: `addon-${fault.problem}`,
    found: `the addon ${path} is ${fault.found}${wanted(fault)}`,
    remedy:
      fault.problem === "unreadable"
        ? makeReadable(path)
        : `Build it anew: ${buildCommand({ name })}`,
  };
}

export async function brokenLibrary(
  { name }: Installation,
  path: string,
  fault: ElfFault,
): Promise<Fault> {
  const remedies: Partial<Record<FileProblem, string>> = {
    unreadable: makeReadable(path),
    architecture: `Build against a TensorFlow for ${process.platform} ${process.arch}: ${buildCommand({ name })} (${getTensorFlow})`,
  };
  return {
    code: `library-${fault.problem}`,
    found: `${path} is ${fault.found}${wanted(fault)}`,
    remedy: remedies[fault.problem] ?? (await wholeLibrary(path, name)),
  };
}

const wanted = ({ problem }: ElfFault): string =>
  problem === "architecture" ? `; this Node is for ${process.arch}` : "";

/** The two libraries of TensorFlow: the first is linked to, and is called differently by wheels and by the C archive. */
const mainLibrary = /^libtensorflow(_cc)?\.so\.\d+$/;
const anyLibrary = /^libtensorflow(_cc|_framework)?\.so\.\d+$/;

/** A library that is in none of the folders: is TensorFlow elsewhere, or is it of another kind, or only incomplete? */
export async function notFound(
  { name }: Installation,
  library: string,
  needing: Elf,
  folders: readonly string[],
): Promise<Fault> {
  const inFolders = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder).catch(() => [])).filter((file) => anyLibrary.test(file)),
    ),
  );
  const at = inFolders.findIndex((files) => files.length > 0);
  const where = `neither in ${folders.join(", ") || "a folder of its own (it lists none)"} nor in the system's folders`;
  const needs = `${basename(needing.path)} needs ${library}, which is ${where}`;
  if (at === -1)
    return {
      code: "library-nowhere",
      found: `${needs}, and no other library of TensorFlow is there`,
      remedy: `If TensorFlow was moved or removed, build against where it is now: ${buildCommand({ name })} (${getTensorFlow})`,
    };
  const other = inFolders[at].find((file) => mainLibrary.test(file) && file !== library);
  if (mainLibrary.test(library) && other !== undefined)
    return {
      code: "library-other-name",
      found: `${needs}; ${folders[at]} has ${other} instead`,
      remedy: `Build against that one: ${buildCommand({ from: folders[at], name })}`,
    };
  return {
    code: "library-missing",
    found: `${needs}; its other half, ${inFolders[at].join(", ")}, is in ${folders[at]}`,
    remedy: await wholeLibrary(`${folders[at]}/${library}`, name),
  };
}

/** A library whose own name is not the one that it was found by: a file that was renamed, or another version of it. */
export async function misnamed(
  { name }: Installation,
  libraries: readonly Elf[],
): Promise<Fault | undefined> {
  const library = libraries.find(
    ({ path, soname }) => soname !== undefined && soname !== basename(path),
  );
  return (
    library && {
      code: "library-misnamed",
      found: `${library.path} calls itself ${library.soname ?? ""}: it is another library under this name`,
      remedy: await wholeLibrary(library.path, name),
    }
  );
}

/** The two libraries belong together: each version's call functions of the other that no header declares. */
export function apart({ name }: Installation, libraries: readonly Elf[]): Fault | undefined {
  const [first, other] = libraries.map(({ path }) => path);
  if (other === undefined || dirname(first) === dirname(other)) return undefined;
  if (dirname(realpathSync(first)) === dirname(realpathSync(other))) return undefined;
  return {
    code: "libraries-apart",
    found: `${basename(first)} is in ${dirname(first)}, but ${basename(other)} in ${dirname(other)}: they must be of one TensorFlow, in one folder`,
    remedy: `Clear LD_LIBRARY_PATH if it lists either, and build against the folder that has both: ${buildCommand({ name })}`,
  };
}

/** Functions that the addon calls and that no library has. */
export async function lacking(
  { name, version }: Installation,
  addon: Elf,
  libraries: readonly Elf[],
): Promise<Fault | undefined> {
  const called = (await undefinedSymbols(addon)).filter((symbol) => /^TFE?_/.test(symbol));
  let missing = called;
  for (const library of libraries) {
    const defined = await definedSymbols(library, missing);
    if (defined === undefined) return undefined;
    missing = missing.filter((symbol) => !defined.has(symbol));
  }
  if (missing.length === 0) return undefined;
  const some = missing.slice(0, 3).join(", ") + (missing.length > 3 ? ", ..." : "");
  const place =
    libraries.map(({ path }) => path).join(" and ") || "no library of TensorFlow, which";
  return {
    code: "function-missing",
    found:
      `the addon of ${name} ${version} calls ${called.length} functions and is linked to ${place}: ${missing.length} are missing there (${some})` +
      (addon.bindsNow ? "" : lazy),
    remedy: anotherTensorFlow(name),
  };
}

const lazy =
  ". It was linked without -z now, so it would load, and the first call of one would end the process with code 127";

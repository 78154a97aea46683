import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { BuildError } from "./build-error.ts";
import { brokenLibrary } from "./diagnoses.ts";
import type { Elf } from "./elf.ts";
import { readOwn } from "./inspect.ts";
import type { Installation } from "./installation.ts";

/** A TensorFlow that an addon can be built against. */
export interface Source {
  /** Where the libraries are: it goes into the addon. */
  readonly folder: string;
  /** File names: libtensorflow_cc.so.2 or libtensorflow.so.2, and libtensorflow_framework.so.2. */
  readonly libraries: readonly string[];
  readonly include: string;
}

const main = /^libtensorflow(_cc)?\.so\.\d+$/;
const framework = /^libtensorflow_framework\.so\.\d+$/;

/** Finds libraries and headers in the folder of a pip TensorFlow, or of an unpacked C archive. */
export async function findSource(from: string, installation: Installation): Promise<Source> {
  const root = resolve(from);
  const places = [root, join(root, "lib"), join(root, "tensorflow")];
  for (const folder of places) {
    const files = await readdir(folder).catch(() => []);
    const library = files.find((file) => main.test(file));
    if (library === undefined) continue;
    const second = files.find((file) => framework.test(file));
    const libraries = [library, ...(second === undefined ? [] : [second])];
    for (const file of libraries) await demandSound(join(folder, file), libraries, installation);
    return { folder: demandPlain(folder), libraries, include: findInclude(root, folder) };
  }
  const found = await stat(root).then(
    async () => (await readdir(root)).slice(0, 5).join(", ") || "nothing",
    () => "no such folder",
  );
  throw new BuildError(
    "source-wrong",
    "a folder with libtensorflow_cc.so.2 or lib/libtensorflow.so.2",
    `${found} in ${root}`,
    "For a pip TensorFlow it is what this prints: python3 -c 'import tensorflow, os; print(os.path.dirname(tensorflow.__file__))'. Without one: python3 -m pip download --no-deps tensorflow-cpu==2.21.0, and pass the wheel.",
  );
}

/** A library must be whole, for this processor, and of the name under which an addon will look for it. */
async function demandSound(
  path: string,
  libraries: readonly string[],
  installation: Installation,
): Promise<void> {
  const elf = await readOwn(path);
  if ("problem" in elf) {
    const { found, remedy } = await brokenLibrary(installation, path, elf);
    const code = elf.problem === "architecture" ? "architecture-wrong" : "source-wrong";
    throw new BuildError(code, "whole libraries for this processor", `that ${found}`, remedy);
  }
  const other =
    misnamed(elf) ?? elf.needed.find((name) => framework.test(name) && !libraries.includes(name));
  if (other !== undefined)
    throw new BuildError(
      "source-wrong",
      `${other} beside ${path}`,
      `none`,
      "The two libraries of one TensorFlow belong in one folder, under their own names: unpack or install it again.",
    );
}

const misnamed = ({ path, soname }: Elf): string | undefined =>
  soname === basename(path) ? undefined : soname;

/** The linker's list of folders has no way to write these. */
function demandPlain(folder: string): string {
  if (!/[:$]/.test(folder)) return folder;
  throw new BuildError(
    "folder-refused",
    'a folder without ":" and "$" in its path',
    folder,
    "Move or link TensorFlow to another.",
  );
}

function findInclude(root: string, folder: string): string {
  const places = [root, folder, dirname(folder)].map((place) => join(place, "include"));
  const needed = ["tensorflow/c/c_api.h", "tensorflow/c/eager/c_api.h"];
  const include = places.find((place) => needed.every((file) => existsSync(join(place, file))));
  if (include !== undefined) return include;
  throw new BuildError(
    "headers-missing",
    `TensorFlow's headers (${needed.join(", ")}) in ${places[0]}`,
    "none",
    "Take them from where the libraries come from: the include folder of the same wheel or C archive.",
  );
}

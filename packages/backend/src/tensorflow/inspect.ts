import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import {
  apart,
  brokenAddon,
  brokenLibrary,
  lacking,
  misnamed,
  missingAddon,
  notFound,
} from "./diagnoses.ts";
import { readElf, type Elf, type ElfFault } from "./elf.ts";
import type { Fault } from "./faults.ts";
import type { Installation } from "./installation.ts";
import { candidates, searchFolders } from "./loader.ts";
import { OutsideFile } from "./ranges.ts";

export type { Fault } from "./faults.ts";

/** What the files of an installation show. On other systems than Linux they are not looked at. */
export interface Survey {
  /** The first thing that would keep the addon from loading or let it kill the process. */
  readonly fault?: Fault;
  readonly addon?: Elf;
  /** TensorFlow's libraries, as the dynamic loader would find them. */
  readonly libraries: readonly Elf[];
}

/** The first thing that would keep the addon from loading or let it kill the process, from its files alone; undefined if none was seen. */
export async function inspect(installation: Installation): Promise<Fault | undefined> {
  return (await survey(installation)).fault;
}

/** Where tfjs-node looks for its addon: in the folder of the newest Node-API that it knows, 8. */
export function addonPath({ folder }: Installation): string {
  return join(folder, "lib", "napi-v8", "tfjs_binding.node");
}

/** Looks at the addon in `path`, and at TensorFlow's libraries as it would find them. Loads nothing. */
export async function survey(
  installation: Installation,
  path: string = addonPath(installation),
): Promise<Survey> {
  if (process.platform !== "linux") return { libraries: [] };
  if (!existsSync(path)) return { fault: missingAddon(installation, path), libraries: [] };
  const addon = await readOwn(path);
  if ("problem" in addon) return { fault: brokenAddon(installation, path, addon), libraries: [] };

  const loaded = [addon];
  const found = (fault: Fault | undefined): Survey => ({
    ...(fault && { fault }),
    addon,
    libraries: loaded.slice(1),
  });
  for (const needing of loaded) {
    // an RPATH of the addon serves its libraries too
    const folders = [...new Set([...searchFolders(needing), ...searchFolders(addon)])];
    for (const name of needing.needed.filter((name) => name.startsWith("libtensorflow"))) {
      if (loaded.some((library) => basename(library.path) === name)) continue;
      const library = await find(name, folders);
      if (library === undefined) return found(await notFound(installation, name, needing, folders));
      if ("problem" in library)
        return found(await brokenLibrary(installation, library.path, library));
      loaded.push(library);
    }
  }
  const libraries = loaded.slice(1);
  return found(
    (await misnamed(installation, libraries)) ??
      apart(installation, libraries) ??
      (await lacking(installation, addon, libraries).catch((error: unknown) => {
        if (!(error instanceof OutsideFile)) throw error;
        const found = "damaged: a table of symbols, its own or a library's, points past its end";
        return brokenAddon(installation, path, { problem: "cut", found });
      })),
  );
}

/** The file that the loader takes for `name`: it passes over those for another processor, and over no other fault. */
async function find(
  name: string,
  folders: readonly string[],
): Promise<Elf | (ElfFault & { readonly path: string }) | undefined> {
  let foreign: (ElfFault & { readonly path: string }) | undefined;
  for (const path of candidates(name, folders)) {
    const library = await readOwn(path);
    if (!("problem" in library)) return library;
    if (library.problem !== "architecture") return { ...library, path };
    foreign ??= { ...library, path };
  }
  return foreign;
}

/** Reads a library; one for another processor is of no use here. */
export async function readOwn(path: string): Promise<Elf | ElfFault> {
  const elf = await readElf(path);
  if ("problem" in elf || elf.machine === process.arch) return elf;
  return { problem: "architecture", found: `a library for ${elf.machine}` };
}

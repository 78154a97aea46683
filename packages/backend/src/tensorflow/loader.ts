import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Elf } from "./elf.ts";

/** `ld.so` looks in these last; the ones of the cache are listed there. */
const systemFolders = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/** The folders that are searched before the system's for what `library` needs, in the order of ld.so(8). */
export function searchFolders(library: Elf): string[] {
  const ownFolder = dirname(library.path);
  const expand = (folders: readonly string[]): string[] =>
    folders.map((folder) => join(folder.replaceAll(/\$ORIGIN|\$\{ORIGIN\}/g, ownFolder)));
  const environment = (process.env["LD_LIBRARY_PATH"] ?? "").split(/[:;]/).filter(Boolean);
  return [
    // an RPATH counts only where there is no RUNPATH
    ...(library.runpath.length > 0 ? [] : expand(library.rpath)),
    ...environment,
    ...expand(library.runpath),
  ];
}

/** The files that may serve as `name` for a library that looks in `folders`, best first. */
export function candidates(name: string, folders: readonly string[]): string[] {
  const places = [...folders, ...systemFolders].map((folder) => join(folder, name));
  places.splice(folders.length, 0, ...cached(name));
  return [...new Set(places)].filter((place) => existsSync(place));
}

/** The entries of the system's cache of libraries; it holds their paths as zero-terminated texts. */
function cached(name: string): string[] {
  try {
    const cache = readFileSync("/etc/ld.so.cache", "latin1");
    return cache.split("\0").filter((text) => text.startsWith("/") && text.endsWith(`/${name}`));
  } catch {
    return [];
  }
}

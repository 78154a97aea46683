import { basename } from "node:path";
import type { Elf } from "./elf.ts";
import type { Fault } from "./faults.ts";
import { readOwn } from "./inspect.ts";
import { OutsideFile } from "./ranges.ts";
import { definedSymbols } from "./symbols.ts";

const AGAIN = "Install that TensorFlow again, or name another.";

/**
 * The first thing that would keep TensorFlow's libraries from loading, or let them end the process, from their files alone;
 * undefined if none was seen, and on other systems than Linux. `functions` are those that will be called.
 */
export async function inspectLibraries(
  paths: readonly string[],
  functions: readonly string[],
): Promise<Fault | undefined> {
  if (process.platform !== "linux") return undefined;
  const libraries: Elf[] = [];
  for (const path of paths) {
    const library = await readOwn(path);
    if ("problem" in library) {
      const { problem, found } = library;
      return { code: `library-${problem}`, found: `${path} is ${found}`, remedy: AGAIN };
    }
    const { soname } = library;
    if (soname !== undefined && soname !== basename(path)) {
      const found = `${path} calls itself ${soname}: it is another library under this name`;
      return { code: "library-misnamed", found, remedy: AGAIN };
    }
    libraries.push(library);
  }
  return lacking(libraries, functions).catch((error: unknown) => {
    if (!(error instanceof OutsideFile)) throw error;
    const found = `${paths.join(" or ")} is damaged: a table of symbols points past its end`;
    return { code: "library-cut", found, remedy: AGAIN };
  });
}

async function lacking(
  libraries: readonly Elf[],
  functions: readonly string[],
): Promise<Fault | undefined> {
  let missing = functions;
  for (const library of libraries) {
    const defined = await definedSymbols(library, missing);
    // A library without a table to look them up in: loading it will tell.
    if (defined === undefined) return undefined;
    missing = missing.filter((name) => !defined.has(name));
  }
  if (missing.length === 0) return undefined;
  return {
    code: "function-missing",
    found: `${libraries.map(({ path }) => path).join(" and ")} lack ${missing.slice(0, 3).join(", ")}`,
    remedy: "Take a TensorFlow of version 2.16 or newer.",
  };
}

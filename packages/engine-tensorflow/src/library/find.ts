import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { noLibrary } from "./errors.ts";

/** The two libraries of a TensorFlow; the second needs the first. */
export const LIBRARIES: readonly [framework: string, cc: string] =
  process.platform === "darwin"
    ? ["libtensorflow_framework.2.dylib", "libtensorflow_cc.2.dylib"]
    : ["libtensorflow_framework.so.2", "libtensorflow_cc.so.2"];

const VARIABLE = "POLYTASK_TENSORFLOW";

/** Where Python would import TensorFlow from, without importing it. */
const QUESTION =
  "import importlib.util as u; s = u.find_spec('tensorflow'); print(s.submodule_search_locations[0] if s else '')";

/**
 * The folder of a TensorFlow: the one that is given, that POLYTASK_TENSORFLOW names, or that python3 has.
 *
 * @throws POLYTASK_TENSORFLOW_LIBRARY
 */
export async function findTensorflow(given?: string): Promise<string> {
  const named = given ?? process.env[VARIABLE];
  const folder = named ?? (await askPython());
  if (folder === undefined) {
    throw noLibrary(
      `no folder was given, ${VARIABLE} is not set, and python3 has no tensorflow`,
      `pip install tensorflow (or tensorflow-cpu), or name its folder by the option "library" or by ${VARIABLE}.`,
    );
  }
  const missing = LIBRARIES.find((name) => !existsSync(join(folder, name)));
  if (missing !== undefined) {
    throw noLibrary(
      `${folder} has no ${missing}`,
      `Name the folder "tensorflow" of an installed or unpacked TensorFlow for Python, which holds ${LIBRARIES.join(" and ")}.`,
    );
  }
  return folder;
}

async function askPython(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("python3", ["-c", QUESTION]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

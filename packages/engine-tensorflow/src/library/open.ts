import { join } from "node:path";
import type * as koffiPackage from "koffi";
import { inspectLibraries } from "@polytask/backend/tensorflow";
import { declare, functionNames } from "./c-api.ts";
import { type Calls, type Context, type ContextOptions, openContext } from "./context.ts";
import { createCopies } from "./copies.ts";
import { noGpu, noLibrary } from "./errors.ts";
import { findTensorflow, LIBRARIES } from "./find.ts";
import { uninterrupted } from "./signals.ts";

export interface OpenOptions extends ContextOptions {
  /** The folder that holds the libraries. */
  readonly library?: string;
}

type Koffi = typeof koffiPackage;

interface Library {
  readonly folder: string;
  readonly calls: Calls;
}

/** A process has one TensorFlow. */
let opened: Library | undefined;

/**
 * Starts a TensorFlow of a trainer's own: other trainers share the library and nothing else.
 *
 * @throws POLYTASK_TENSORFLOW_LIBRARY, POLYTASK_TENSORFLOW_DEVICE
 */
export async function openTensorflow(options: OpenOptions): Promise<Context> {
  const context = openContext((await openLibrary(options.library)).calls, options);
  if (options.device === "GPU" && !context.devices.some(({ type }) => type === "GPU")) {
    const types = context.devices.map(({ type }) => type);
    context.close();
    throw noGpu(types);
  }
  return context;
}

async function openLibrary(given?: string): Promise<Library> {
  if (opened && (given === undefined || given === opened.folder)) return opened;
  const folder = await findTensorflow(given);
  const koffi = await loadKoffi();
  // Else TensorFlow prints what it finds of every device.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  const paths = LIBRARIES.map((name) => join(folder, name));
  // Before they are loaded: what is cut off would end the process.
  const fault = await inspectLibraries(paths, functionNames);
  if (fault) throw noLibrary(`${fault.code}: ${fault.found}`, fault.remedy);
  if (opened && opened.folder !== folder) {
    throw noLibrary(
      `this process runs the one in ${opened.folder} already`,
      `Use that one for all trainers, not ${folder}.`,
    );
  }
  try {
    pin(koffi, paths);
    const [framework, cc] = paths.map((path) => koffi.load(path, { global: true, lazy: true }));
    opened = {
      folder,
      calls: {
        api: declare(cc, framework),
        ...createCopies(koffi),
        uninterrupted: uninterrupted(koffi),
      },
    };
    return opened;
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw noLibrary(
      `the one in ${folder} does not load: ${found}`,
      "Install it again; npx polytask-backend doctor looks into its files.",
      error,
    );
  }
}

/** koffi closes its libraries when the process ends, while threads of TensorFlow still run in them: they are kept. */
function pin(koffi: Koffi, paths: readonly string[]): void {
  const [now, global, noDelete] = process.platform === "darwin" ? [2, 8, 0x80] : [2, 0x100, 0x1000];
  if (process.platform === "win32") return;
  const dlopen = koffi.load(null).func("intptr_t dlopen(const char *, int)") as (
    path: string,
    flags: number,
  ) => number;
  for (const path of paths) dlopen(path, now | global | noDelete);
}

async function loadKoffi(): Promise<Koffi> {
  try {
    return await import("koffi");
  } catch (error) {
    throw noLibrary(
      "the package koffi, which calls it, is not installed or has no binary for this system",
      "npm install koffi",
      error,
    );
  }
}

import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { folderTaken } from "./errors.ts";

const FILE = "saved_model.pb";

/** What an export leaves as it is: its own earlier file is replaced, and the second is for what users add. */
const KEPT: readonly string[] = [FILE, "assets.extra"];

/**
 * Whether there is a folder, which an export may be written to.
 *
 * @throws POLYTASK_TENSORFLOW_EXPORT where it holds anything else: a model with variables would be spoilt
 */
export async function isFolder(dir: string): Promise<boolean> {
  const entries = await readdir(dir).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw code === "ENOTDIR" ? folderTaken(dir, "is a file") : error;
  });
  const others = (entries ?? []).filter((entry) => !KEPT.includes(entry));
  if (others.length > 0) throw folderTaken(dir, `holds ${others.join(", ")}`);
  return entries !== undefined;
}

/** A server that watches the folder, or the one around it, sees the whole model or none. */
export async function writeFolder(dir: string, bytes: Uint8Array): Promise<void> {
  if (await isFolder(dir)) {
    await throughAnother(join(dir, FILE), (file) => writeFile(file, bytes));
    return;
  }
  await mkdir(dirname(dir), { recursive: true });
  await throughAnother(dir, async (folder) => {
    await mkdir(folder);
    await writeFile(join(folder, FILE), bytes);
  });
}

/** Makes it under another name, and renames it when it is whole. */
async function throughAnother(path: string, make: (path: string) => Promise<void>): Promise<void> {
  const other = `${path}.${randomUUID()}`;
  try {
    await make(other);
    await rename(other, path);
  } catch (error) {
    await rm(other, { recursive: true, force: true });
    throw error;
  }
}

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { BuildError, unwritable } from "./build-error.ts";
import { originFile, readOrigin, type Origin } from "./origin.ts";
import { unpack, withWheel, type Wheel } from "./wheel.ts";

/** Unpacks a wheel unless that was done before, and says where its files are. */
export function unpackWheel(
  path: string,
  to: string | undefined,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  return withWheel(path, async (wheel) => {
    const folder = resolve(to ?? join(cache(), `tensorflow-${wheel.version}`));
    const origin = originOf(wheel);
    if (await isUnpacked(folder, origin)) {
      log(`${folder} has this wheel's files already`);
      return folder;
    }
    await demandReplaceable(folder);
    const parent = dirname(folder);
    try {
      await mkdir(parent, { recursive: true });
      await demandSpace(parent, origin);
      log(`unpacking TensorFlow ${wheel.version} to ${folder}`);
      await replace(folder, async (place) => {
        await unpack(wheel, place, signal);
        // the mark of a whole folder, so it comes last
        await writeFile(join(place, originFile), JSON.stringify(origin, null, 2));
      });
    } catch (error) {
      throw unwritable(error, parent, "Choose another place with --to.");
    }
    return folder;
  });
}

function cache(): string {
  const own = process.env["XDG_CACHE_HOME"];
  return join(own === undefined || own === "" ? join(homedir(), ".cache") : own, "polytask");
}

function originOf({ path, version, files }: Wheel): Origin {
  return {
    wheel: resolve(path),
    version,
    files: Object.fromEntries(
      [...files].map(([name, entry]) => [
        name,
        { size: entry.uncompressedSize, crc32: entry.crc32 },
      ]),
    ),
  };
}

async function isUnpacked(folder: string, { files }: Origin): Promise<boolean> {
  const before = await readOrigin(folder);
  if (!before) return false;
  const same = await Promise.all(
    Object.entries(files).map(async ([name, { size, crc32 }]) => {
      const { size: found } = await stat(join(folder, name)).catch(() => ({ size: -1 }));
      return found === size && before.files[name]?.crc32 === crc32;
    }),
  );
  return same.every(Boolean);
}

/** Only what this command made, or nobody's, gives way. */
async function demandReplaceable(folder: string): Promise<void> {
  if (!existsSync(folder) || (await readOrigin(folder))) return;
  const files = await readdir(folder).catch(() => ["a file in its place"]);
  if (files.length > 0)
    throw new BuildError(
      "folder-refused",
      "a new folder to unpack to, or one that it unpacked itself",
      `${files.slice(0, 3).join(", ")} in ${folder}`,
      "Choose another with --to.",
    );
}

async function demandSpace(parent: string, { files }: Origin): Promise<void> {
  const needed = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(parent);
  if (bavail * bsize >= needed) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  throw new BuildError(
    "space-missing",
    `${megabytes(needed)} of space in ${parent}`,
    megabytes(bavail * bsize),
    "Free some, or choose another place with --to.",
  );
}

/** Fills a folder beside, and puts it in place when it is whole. */
async function replace(folder: string, fill: (place: string) => Promise<void>): Promise<void> {
  const beside = await mkdtemp(join(dirname(folder), ".polytask-unpacking-"));
  try {
    const fresh = join(beside, "new");
    await mkdir(fresh);
    await fill(fresh);
    if (existsSync(folder)) await rename(folder, join(beside, "old"));
    await rename(fresh, folder);
  } finally {
    await rm(beside, { recursive: true, force: true, maxRetries: 3 });
  }
}

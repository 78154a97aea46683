import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a folder that was unpacked from a wheel says of itself. */
export interface Origin {
  readonly wheel: string;
  readonly version: string;
  /** Path below the folder → size and CRC-32, as the wheel lists them. */
  readonly files: Readonly<Record<string, { readonly size: number; readonly crc32: number }>>;
}

export const originFile = "polytask.json";

/** Undefined for a folder that was not unpacked by this package. */
export async function readOrigin(folder: string): Promise<Origin | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, originFile), "utf8")) as Origin;
  } catch {
    return undefined;
  }
}

import { open, type FileHandle } from "node:fs/promises";

/** Opens a file for as long as `use` runs, for reading of ranges: a library may have hundreds of megabytes. */
export async function withRanges<T>(path: string, use: (ranges: Ranges) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    return await use(new Ranges(file, (await file.stat()).size));
  } finally {
    await file.close();
  }
}

/** Thrown for a range that lies outside of the file. */
export class OutsideFile extends Error {}

/** Ranges of an open file. */
export class Ranges {
  readonly size: number;
  private readonly file: FileHandle;

  constructor(file: FileHandle, size: number) {
    this.file = file;
    this.size = size;
  }

  async bytes(start: number, length: number): Promise<Buffer> {
    if (start + length > this.size) throw new OutsideFile(`no byte ${start + length}`);
    const buffer = Buffer.alloc(length);
    await this.file.read(buffer, 0, length, start);
    return buffer;
  }

  /** A table of entries of one size. */
  async table(start: number, size: number, count: number): Promise<Buffer[]> {
    const buffer = await this.bytes(start, size * count);
    return Array.from({ length: count }, (_, i) => buffer.subarray(i * size, (i + 1) * size));
  }

  /** The text from `start` to the next zero byte. */
  async text(start: number): Promise<string> {
    let text = "";
    for (let at = start; ; at += 256) {
      const part = await this.bytes(at, Math.min(256, this.size - at));
      const end = part.indexOf(0);
      if (end >= 0) return text + part.toString("latin1", 0, end);
      if (part.length < 256) throw new OutsideFile("a text without an end");
      text += part.toString("latin1");
    }
  }
}

/** A 64-bit number; no library has more than 2^53 bytes. */
export const u64 = (buffer: Buffer, offset: number): number =>
  Number(buffer.readBigUInt64LE(offset));

import { open, type FileHandle } from "node:fs/promises";
import type { FileProblem } from "./faults.ts";

/** What the dynamic loader reads of a shared library. */
export interface Elf {
  readonly path: string;
  /** As `process.arch` says it, or `machine N`. */
  readonly machine: string;
  readonly soname: string | undefined;
  readonly needed: readonly string[];
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  /** Whether all functions are looked up at load; otherwise each at its first call. */
  readonly bindsNow: boolean;
  readonly tables: Tables;
}

/** Where the symbols are, as offsets in the file. */
export interface Tables {
  readonly symbols: number;
  readonly symbolsEnd: number;
  readonly strings: number;
  /** Undefined if the library has only the older kind of hash table. */
  readonly gnuHash: number | undefined;
}

export interface ElfFault {
  readonly problem: FileProblem;
  readonly found: string;
}

const HEADER = 64;
const [LOAD, DYNAMIC] = [1, 2];
const [STRTAB, NOBITS, DYNSYM] = [3, 8, 11];
const tag = {
  needed: 1,
  strings: 5,
  symbols: 6,
  soname: 14,
  rpath: 15,
  bindNow: 24,
  runpath: 29,
  flags: 30,
  gnuHash: 0x6ffffef5,
  flags1: 0x6ffffffb,
};
const machines: ReadonlyMap<number, string> = new Map([
  [3, "ia32"],
  [40, "arm"],
  [62, "x64"],
  [183, "arm64"],
  [243, "riscv64"],
]);

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
class OutsideFile extends Error {}

/** Ranges of an open file. */
export class Ranges {
  readonly file: FileHandle;
  readonly size: number;

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

/** Reads a 64-bit ELF library from a few ranges of its file, or says what is wrong with the file. */
export function readElf(path: string): Promise<Elf | ElfFault> {
  return withRanges(path, async (ranges) => {
    const foreign = await notElf(ranges);
    if (foreign) return foreign;
    try {
      return await parse(path, ranges);
    } catch (error) {
      if (!(error instanceof OutsideFile)) throw error;
      return cut(ranges.size, "its own tables point past its end");
    }
  });
}

async function notElf(ranges: Ranges): Promise<ElfFault | undefined> {
  if (ranges.size === 0) return { problem: "empty", found: "0 bytes" };
  const start = await ranges.bytes(0, Math.min(HEADER, ranges.size));
  const text = start.toString("latin1").trimStart();
  if (start.toString("latin1", 0, 4) !== "\x7fELF")
    return text.startsWith("<")
      ? {
          problem: "web-page",
          found: `a web page, which begins with ${JSON.stringify(text.slice(0, 15))}`,
        }
      : {
          problem: "not-elf",
          found: `a file that begins with the bytes ${start.toString("hex", 0, 4)}`,
        };
  if (ranges.size < HEADER) return cut(ranges.size, "a library's header alone has 64");
  if (start[4] !== 2 || start[5] !== 1)
    return {
      problem: "architecture",
      found: "a library that is not for a 64-bit little-endian processor",
    };
  return undefined;
}

function cut(size: number, reason: string): ElfFault {
  return { problem: "cut", found: `the first ${grouped(size)} bytes of a library (${reason})` };
}

const grouped = (count: number): string => count.toLocaleString("en-US");

async function parse(path: string, ranges: Ranges): Promise<Elf | ElfFault> {
  const header = await ranges.bytes(0, HEADER);
  const sectionsStart = u64(header, 40);
  const sectionCount = header.readUInt16LE(60);
  // The section headers are the last thing a linker writes, and nothing but this check notices their loss.
  const headersEnd = sectionsStart + 64 * sectionCount;
  if (headersEnd > ranges.size) return cut(ranges.size, `all of it has ${grouped(headersEnd)}`);
  const segments = entries(
    await ranges.bytes(u64(header, 32), 56 * header.readUInt16LE(56)),
    56,
  ).map((entry) => ({
    type: entry.readUInt32LE(0),
    offset: u64(entry, 8),
    address: u64(entry, 16),
    length: u64(entry, 32),
  }));
  const sections = entries(await ranges.bytes(sectionsStart, 64 * sectionCount), 64).map(
    (entry) => ({
      type: entry.readUInt32LE(4),
      offset: u64(entry, 24),
      length: u64(entry, 32),
    }),
  );
  const end = Math.max(
    ...segments.map(({ offset, length }) => offset + length),
    ...sections.map(({ type, offset, length }) => (type === NOBITS ? 0 : offset + length)),
  );
  if (end > ranges.size) return cut(ranges.size, `all of it has at least ${grouped(end)}`);
  if (sectionCount > 0 && sections[header.readUInt16LE(62)]?.type !== STRTAB)
    return cut(ranges.size, "the end of the file was never written");

  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (!dynamic) return { problem: "not-elf", found: "an ELF file that is not a shared library" };
  const fields = entries(await ranges.bytes(dynamic.offset, dynamic.length), 16).map((entry) => ({
    tag: u64(entry, 0),
    value: u64(entry, 8),
  }));
  const values = (wanted: number): number[] =>
    fields.filter((field) => field.tag === wanted).map(({ value }) => value);
  const place = (wanted: number): number | undefined => {
    const [address] = values(wanted);
    const segment = segments.find(
      ({ type, address: first, length }) =>
        type === LOAD && address >= first && address < first + length,
    );
    return segment && address - segment.address + segment.offset;
  };
  const strings = place(tag.strings) ?? 0;
  const texts = (wanted: number): Promise<string[]> =>
    Promise.all(values(wanted).map((offset) => ranges.text(strings + offset)));
  const folders = async (wanted: number): Promise<string[]> =>
    (await texts(wanted)).flatMap((list) => list.split(":")).filter((folder) => folder !== "");
  const symbols = sections.find(({ type }) => type === DYNSYM);
  const machine = header.readUInt16LE(18);
  return {
    path,
    machine: machines.get(machine) ?? `machine ${machine}`,
    soname: (await texts(tag.soname)).at(0),
    needed: await texts(tag.needed),
    rpath: await folders(tag.rpath),
    runpath: await folders(tag.runpath),
    bindsNow:
      values(tag.bindNow).length > 0 ||
      values(tag.flags).some((flags) => (flags & 8) !== 0) ||
      values(tag.flags1).some((flags) => (flags & 1) !== 0),
    tables: {
      symbols: place(tag.symbols) ?? 0,
      symbolsEnd: symbols ? symbols.offset + symbols.length : 0,
      strings,
      gnuHash: place(tag.gnuHash),
    },
  };
}

function entries(buffer: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.floor(buffer.length / size) }, (_, index) =>
    buffer.subarray(index * size, (index + 1) * size),
  );
}

const u64 = (buffer: Buffer, offset: number): number => Number(buffer.readBigUInt64LE(offset));

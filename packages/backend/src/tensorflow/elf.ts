import { readDynamic, type Dynamic } from "./elf-dynamic.ts";
import type { FileProblem } from "./faults.ts";
import { OutsideFile, u64, withRanges, type Ranges } from "./ranges.ts";

/** What the dynamic loader reads of a shared library. */
export interface Elf extends Dynamic {
  readonly path: string;
  /** As `process.arch` says it, or `machine N`. */
  readonly machine: string;
}

/** What keeps a file from being a library, or a whole one. */
export interface ElfFault {
  readonly problem: FileProblem;
  readonly found: string;
}

/** A part of the file: one that is mapped to memory, or one that tools know by name. */
export interface Part {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly address: number;
}

const HEADER = 64;
const [STRTAB, NOBITS] = [3, 8];
const machines: ReadonlyMap<number, string> = new Map([
  [3, "ia32"],
  [40, "arm"],
  [62, "x64"],
  [183, "arm64"],
  [243, "riscv64"],
]);

/** Reads a 64-bit ELF library from a few ranges of its file, or says what is wrong with the file. */
export async function readElf(path: string): Promise<Elf | ElfFault> {
  let size = 0;
  try {
    return await withRanges(path, async (ranges) => {
      ({ size } = ranges);
      return (await notElf(ranges)) ?? (await parse(path, ranges));
    });
  } catch (error) {
    if (error instanceof OutsideFile) return cut(size, "its own tables point past its end");
    if (error instanceof Error && "code" in error)
      return { problem: "unreadable", found: `not to be read (${String(error.code)})` };
    throw error;
  }
}

async function notElf(ranges: Ranges): Promise<ElfFault | undefined> {
  if (ranges.size === 0) return { problem: "empty", found: "a file of 0 bytes" };
  const start = await ranges.bytes(0, Math.min(HEADER, ranges.size));
  const text = start.toString("latin1").trimStart();
  if (text.startsWith("<"))
    return {
      problem: "web-page",
      found: `a web page, which begins with ${JSON.stringify(text.slice(0, 15))}`,
    };
  if (start.toString("latin1", 0, 4) !== "\x7fELF")
    return {
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

async function parse(path: string, ranges: Ranges): Promise<Elf | ElfFault> {
  const header = await ranges.bytes(0, HEADER);
  const sectionsStart = u64(header, 40);
  const sectionCount = header.readUInt16LE(60);
  // The table of sections is what a linker writes last, and nothing but this check notices its loss.
  const sectionsEnd = sectionsStart + 64 * sectionCount;
  if (sectionsEnd > ranges.size) return cut(ranges.size, `all of it has ${grouped(sectionsEnd)}`);
  const segments: Part[] = (await ranges.table(u64(header, 32), 56, header.readUInt16LE(56))).map(
    (entry) => ({
      type: entry.readUInt32LE(0),
      offset: u64(entry, 8),
      address: u64(entry, 16),
      length: u64(entry, 32),
    }),
  );
  const sections: Part[] = (await ranges.table(sectionsStart, 64, sectionCount)).map((entry) => ({
    type: entry.readUInt32LE(4),
    address: u64(entry, 16),
    offset: u64(entry, 24),
    length: u64(entry, 32),
  }));
  const stored = [...segments, ...sections.filter(({ type }) => type !== NOBITS)];
  const end = Math.max(...stored.map(({ offset, length }) => offset + length));
  if (end > ranges.size) return cut(ranges.size, `all of it has at least ${grouped(end)}`);
  if (sectionCount > 0 && sections.at(header.readUInt16LE(62))?.type !== STRTAB)
    return cut(ranges.size, "the end of the file was never written");
  const dynamic = await readDynamic(ranges, segments, sections);
  if (!dynamic) return { problem: "not-elf", found: "an ELF file that is not a shared library" };
  const machine = header.readUInt16LE(18);
  return { path, machine: machines.get(machine) ?? `machine ${machine}`, ...dynamic };
}

function cut(size: number, reason: string): ElfFault {
  return { problem: "cut", found: `the first ${grouped(size)} bytes of a library (${reason})` };
}

const grouped = (count: number): string => count.toLocaleString("en-US");

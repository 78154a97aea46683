import type { Part } from "./elf.ts";
import { u64, type Ranges } from "./ranges.ts";

/** The dynamic section of a library: what it is called, what it needs, and where its symbols are. */
export interface Dynamic {
  readonly soname: string | undefined;
  readonly needed: readonly string[];
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  /** Whether all functions are looked up at load; otherwise each at its first call. */
  readonly bindsNow: boolean;
  /** Offsets in the file. */
  readonly tables: {
    readonly symbols: number;
    readonly symbolsEnd: number;
    readonly strings: number;
    /** Undefined if the library has only the older kind of hash table. */
    readonly gnuHash: number | undefined;
  };
}

const [LOAD, DYNAMIC, DYNSYM] = [1, 2, 11];
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

/** Undefined if a file has no dynamic section. */
export async function readDynamic(
  ranges: Ranges,
  segments: readonly Part[],
  sections: readonly Part[],
): Promise<Dynamic | undefined> {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (!dynamic) return undefined;
  const fields = await ranges.table(dynamic.offset, 16, Math.floor(dynamic.length / 16));
  const values = (wanted: number): number[] =>
    fields.filter((field) => u64(field, 0) === wanted).map((field) => u64(field, 8));
  const offset = (wanted: number): number | undefined => {
    const [address] = values(wanted);
    const segment = segments.find(
      (part) =>
        part.type === LOAD && address >= part.address && address < part.address + part.length,
    );
    return segment && address - segment.address + segment.offset;
  };
  const strings = offset(tag.strings) ?? 0;
  const texts = (wanted: number): Promise<string[]> =>
    Promise.all(values(wanted).map((at) => ranges.text(strings + at)));
  const folders = async (wanted: number): Promise<string[]> =>
    (await texts(wanted)).flatMap((list) => list.split(":")).filter((folder) => folder !== "");
  const symbols = sections.find(({ type }) => type === DYNSYM);
  return {
    soname: (await texts(tag.soname)).at(0),
    needed: await texts(tag.needed),
    rpath: await folders(tag.rpath),
    runpath: await folders(tag.runpath),
    bindsNow:
      values(tag.bindNow).length > 0 ||
      values(tag.flags).some((flags) => (flags & 8) !== 0) ||
      values(tag.flags1).some((flags) => (flags & 1) !== 0),
    tables: {
      symbols: offset(tag.symbols) ?? 0,
      symbolsEnd: symbols ? symbols.offset + symbols.length : 0,
      strings,
      gnuHash: offset(tag.gnuHash),
    },
  };
}

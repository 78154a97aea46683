import type { Elf } from "./elf.ts";
import { withRanges, type Ranges } from "./ranges.ts";

const SYMBOL = 24;

/** The functions that a library leaves to others to define. */
export function undefinedSymbols({ path, tables }: Elf): Promise<string[]> {
  return withRanges(path, async (ranges) => {
    const length = Math.max(0, tables.symbolsEnd - tables.symbols);
    const table = await ranges.bytes(tables.symbols, length);
    const names: string[] = [];
    // the first symbol is a placeholder
    for (let at = SYMBOL; at + SYMBOL <= length; at += SYMBOL) {
      const nowhere = table.readUInt16LE(at + 6) === 0;
      if (nowhere) names.push(await ranges.text(tables.strings + table.readUInt32LE(at)));
    }
    return names;
  });
}

/**
 * Which of `names` a library defines, looked up in its hash table as the loader does it: the symbols of
 * libtensorflow_cc and their names fill 90 MB. Undefined if the library has no such table.
 */
export function definedSymbols(
  { path, tables }: Elf,
  names: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  return withRanges(path, async (ranges) => {
    if (tables.gnuHash === undefined) return undefined;
    const defined = new Set<string>();
    for (const name of names)
      if (await defines(ranges, { ...tables, gnuHash: tables.gnuHash }, name)) defined.add(name);
    return defined;
  });
}

/** No bucket has so many symbols; a table without an end is damaged. */
const LONGEST = 4096;

async function defines(
  ranges: Ranges,
  { gnuHash, symbols, strings }: { gnuHash: number; symbols: number; strings: number },
  name: string,
): Promise<boolean> {
  const u32 = async (offset: number): Promise<number> =>
    (await ranges.bytes(offset, 4)).readUInt32LE();
  const head = await ranges.bytes(gnuHash, 16);
  const [bucketCount, firstSymbol, bloomWords] = [0, 4, 8].map((at) => head.readUInt32LE(at));
  if (bucketCount === 0) return false;
  const buckets = gnuHash + 16 + 8 * bloomWords;
  const chains = buckets + 4 * bucketCount;
  const wanted = hash(name);
  const first = await u32(buckets + 4 * (wanted % bucketCount));
  if (first < firstSymbol) return false;
  for (let index = first; index < first + LONGEST; index++) {
    const found = await u32(chains + 4 * (index - firstSymbol));
    if ((found | 1) === (wanted | 1)) {
      const symbol = await ranges.bytes(symbols + SYMBOL * index, SYMBOL);
      const definedHere = symbol.readUInt16LE(6) !== 0;
      if (definedHere && (await ranges.text(strings + symbol.readUInt32LE())) === name) return true;
    }
    const last = (found & 1) !== 0;
    if (last) return false;
  }
  return false;
}

/** The hash of DT_GNU_HASH: h = 33 h + c from 5381, in 32 bits. */
export function hash(name: string): number {
  let value = 5381;
  for (const byte of Buffer.from(name, "latin1")) value = (Math.imul(value, 33) + byte) >>> 0;
  return value;
}

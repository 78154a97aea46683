import type { Elf } from "./elf.ts";
import { withRanges } from "./ranges.ts";

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
    const { gnuHash } = tables;
    if (gnuHash === undefined) return undefined;
    const u32 = async (offset: number): Promise<number> =>
      (await ranges.bytes(offset, 4)).readUInt32LE();
    const head = await ranges.bytes(gnuHash, 16);
    const [bucketCount, firstSymbol, bloomWords] = [0, 4, 8].map((at) => head.readUInt32LE(at));
    const buckets = gnuHash + 16 + 8 * bloomWords;
    const chains = buckets + 4 * bucketCount;
    const defined = new Set<string>();
    for (const name of names) {
      const wanted = hash(name);
      let index = bucketCount === 0 ? 0 : await u32(buckets + 4 * (wanted % bucketCount));
      for (let last = index < firstSymbol; !last; index++) {
        const found = await u32(chains + 4 * (index - firstSymbol));
        last = (found & 1) !== 0;
        if ((found | 1) !== (wanted | 1)) continue;
        const symbol = await ranges.bytes(tables.symbols + SYMBOL * index, SYMBOL);
        const undefinedHere = symbol.readUInt16LE(6) === 0;
        if (!undefinedHere && (await ranges.text(tables.strings + symbol.readUInt32LE())) === name)
          defined.add(name);
      }
    }
    return defined;
  });
}

/** The hash of DT_GNU_HASH: h = 33 h + c from 5381, in 32 bits. */
export function hash(name: string): number {
  let value = 5381;
  for (const byte of Buffer.from(name, "latin1")) value = (Math.imul(value, 33) + byte) >>> 0;
  return value;
}

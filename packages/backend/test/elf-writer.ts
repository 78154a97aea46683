/** What a made-up library says of itself. */
export interface Contents {
  readonly machine?: number;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  readonly bindNow?: boolean;
  /** Functions that others must define. */
  readonly calls?: readonly string[];
  readonly defines?: readonly string[];
  readonly hashed?: boolean;
}

export const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** The bytes of a minimal 64-bit ELF library: one segment, a dynamic section, symbols with their hash table. */
export function elf({
  machine = machines[process.arch],
  soname,
  needed = [],
  rpath,
  runpath,
  bindNow = false,
  calls = [],
  defines = [],
  hashed = true,
}: Contents = {}): Buffer {
  let texts = "\0";
  const text = (value: string): number => {
    texts += `${value}\0`;
    return texts.length - value.length - 1;
  };
  const buckets = 2;
  const defined = [...defines].sort((a, b) => (gnuHash(a) % buckets) - (gnuHash(b) % buckets));
  const firstDefined = 1 + calls.length;
  const symbols = Buffer.alloc(24 * (firstDefined + defined.length));
  for (const [index, name] of [...calls, ...defined].entries()) {
    symbols.writeUInt32LE(text(name), 24 * (index + 1));
    symbols.writeUInt16LE(index < calls.length ? 0 : 1, 24 * (index + 1) + 6);
  }
  const hashes = defined.map(gnuHash);
  const words = [buckets, firstDefined, 1, 0, 0xffffffff, 0xffffffff];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const first = hashes.findIndex((hash) => hash % buckets === bucket);
    words.push(first === -1 ? 0 : firstDefined + first);
  }
  for (const [index, hash] of hashes.entries()) {
    const last =
      hashes.at(index + 1) === undefined || hashes[index + 1] % buckets !== hash % buckets;
    words.push(last ? (hash | 1) >>> 0 : (hash & ~1) >>> 0);
  }
  const hash = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) hash.writeUInt32LE(word, 4 * index);

  const fields: [number, number][] = needed.map((name) => [1, text(name)]);
  if (soname !== undefined) fields.push([14, text(soname)]);
  if (rpath !== undefined) fields.push([15, text(rpath)]);
  if (runpath !== undefined) fields.push([29, text(runpath)]);
  if (bindNow) fields.push([30, 8]);
  const strings = Buffer.from(texts, "latin1");

  // header, 2 program headers, then the parts; addresses are offsets plus a page, so that a reader must map them
  const page = 0x1000;
  const parts = { symbols: 176, strings: 0, hash: 0, dynamic: 0, names: 0, sections: 0 };
  parts.strings = parts.symbols + symbols.length;
  parts.hash = parts.strings + strings.length;
  parts.dynamic = parts.hash + hash.length;
  fields.push([5, page + parts.strings], [6, page + parts.symbols]);
  if (hashed) fields.push([0x6ffffef5, page + parts.hash]);
  fields.push([0, 0]);
  const dynamic = Buffer.alloc(16 * fields.length);
  for (const [index, field] of fields.entries())
    for (const [half, value] of field.entries())
      dynamic.writeBigUInt64LE(BigInt(value), 16 * index + 8 * half);
  parts.names = parts.dynamic + dynamic.length;
  parts.sections = parts.names + 1;

  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeBigUInt64LE(BigInt(parts.sections), 40);
  for (const [at, value] of [
    [54, 56],
    [56, 2],
    [58, 64],
    [60, 3],
    [62, 2],
  ])
    header.writeUInt16LE(value, at);
  return Buffer.concat([
    header,
    segment(1, 0, page, parts.sections),
    segment(2, parts.dynamic, page + parts.dynamic, dynamic.length),
    symbols,
    strings,
    hash,
    dynamic,
    Buffer.alloc(1),
    section(0, 0, 0),
    section(11, parts.symbols, symbols.length),
    section(3, parts.names, 1),
  ]);
}

function segment(type: number, offset: number, address: number, length: number): Buffer {
  const entry = Buffer.alloc(56);
  entry.writeUInt32LE(type);
  for (const [at, value] of [
    [8, offset],
    [16, address],
    [32, length],
  ])
    entry.writeBigUInt64LE(BigInt(value), at);
  return entry;
}

function section(type: number, offset: number, length: number): Buffer {
  const entry = Buffer.alloc(64);
  entry.writeUInt32LE(type, 4);
  entry.writeBigUInt64LE(BigInt(offset), 24);
  entry.writeBigUInt64LE(BigInt(length), 32);
  return entry;
}

/** h = 33 h + c from 5381, in 32 bits. */
function gnuHash(name: string): number {
  let hash = 5381n;
  for (const byte of Buffer.from(name, "latin1")) hash = (hash * 33n + BigInt(byte)) & 0xffffffffn;
  return Number(hash);
}

// Run by the archive's head with the Node that it has just unpacked: node - ARCHIVE FOLDER OFFSET SIZE SHA256
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const [archive, folder, offset, size, sha256] = process.argv.slice(2);
const packed = Buffer.alloc(Number(size));
const file = openSync(archive);
for (let at = 0; at < packed.length;) {
  const read = readSync(file, packed, at, packed.length - at, Number(offset) + at);
  if (read === 0) throw new Error("The archive ends too early. Copy it again.");
  at += read;
}
closeSync(file);
const found = createHash("sha256").update(packed).digest("hex");
if (found !== sha256) {
  console.error(`The archive must have SHA-256 ${sha256}; found ${found}. Copy it again.`);
  process.exit(1);
}
const data = brotliDecompressSync(packed);
let at = 4 + data.readUInt32LE();
for (const [name, length, mode] of JSON.parse(data.subarray(4, at).toString())) {
  const place = join(folder, name);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, data.subarray(at, at + length), { mode });
  at += length;
}

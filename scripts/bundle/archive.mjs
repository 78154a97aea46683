// The archive is a shell script, then all files but Node in Brotli, then Node in gzip: gzip is on every machine, and Node
// itself unpacks the rest, so that the machine needs neither tar nor xz.
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { run } from "../run.mjs";

const NODE = "bin/node";

/** Writes the archive; its own name and checksum. */
export function writeArchive(file, files) {
  const read = ({ from, to }) => ({ to, data: isNative(to) ? stripped(from) : readFileSync(from) });
  const node = gzipSync(read(files.find(({ to }) => to === NODE)).data, { level: 9 });
  const others = files.filter(({ to }) => to !== NODE);
  const rest = compress(packed(others.map((file) => ({ ...read(file), program: file.program }))));
  const id = digest(node, rest).slice(0, 12);
  const archive = Buffer.concat([headOf({ id, node, rest }), rest, node]);
  writeFileSync(file, archive);
  chmodSync(file, 0o755);
  return { id, sha256: digest(archive) };
}

/** An index, and all files one after another; the index begins with its own length. */
function packed(files) {
  const index = files.map(({ to, data, program }) => [to, data.length, program ? 0o755 : 0o644]);
  const text = Buffer.from(JSON.stringify(index));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...files.map(({ data }) => data)]);
}

/** A window as wide as ONNX Runtime is long; the last tenth of quality would take minutes. */
const compress = (data) =>
  brotliCompressSync(data, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 9,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    },
  });

/** The script, with the places of what follows; they have as many digits as their names have letters. */
function headOf({ id, node, rest }) {
  const text = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
  const fill = (head, values) =>
    Object.entries(values).reduce((sum, [name, value]) => sum.replaceAll(`@${name}@`, value), head);
  const digits = (value) => String(value).padStart(10);
  const head = fill(text("head.sh"), { UNPACK: text("unpack.mjs").trimEnd(), ID: id });
  const lengthOf = (size) =>
    fill(head, {
      REST_AT: digits(size),
      REST_SIZE: digits(rest.length),
      NODE_SIZE: digits(node.length),
      SIZE: digits(size + rest.length + node.length),
      SHA256: digest(rest),
    });
  return Buffer.from(lengthOf(Buffer.byteLength(lengthOf(0))));
}

const digest = (...parts) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

const isNative = (name) => name === NODE || /\.node$|\.so(\.\d+)*$/.test(name);

/** Without what only a debugger reads, where there is a tool for it. */
function stripped(file) {
  const folder = mkdtempSync(join(tmpdir(), "polytask-strip-"));
  try {
    const copy = join(folder, "copy");
    copyFileSync(file, copy);
    chmodSync(copy, 0o755);
    try {
      run("strip", ["--strip-unneeded", copy]);
    } catch {
      return readFileSync(file);
    }
    return readFileSync(copy);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

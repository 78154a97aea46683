import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { BuildError } from "./build-error.ts";

/** The part of a TensorFlow wheel that an addon is built against. */
export interface Wheel {
  readonly path: string;
  readonly version: string;
  /** Path below the folder to unpack to → entry: two libraries and some twenty headers. */
  readonly files: ReadonlyMap<string, Entry>;
  readonly zip: ZipFile;
}

const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.\d+)$/;
/** What c_api.h and eager/c_api.h include, in the places that versions have had them. */
const header = new RegExp(
  `^tensorflow/(include/(?:${[
    "tensorflow/c/(?:c_api|c_api_macros|tf_attrtype|tf_buffer|tf_datatype|tf_status|tf_tensor|tf_tstring)",
    "tensorflow/c/eager/c_api",
    "(?:tensorflow/core|(?:tensorflow/|xla/)?tsl)/platform/ctstring(?:_internal)?",
    "(?:tensorflow/|xla/)?tsl/c/tsl_status",
  ].join("|")})\\.h)$`,
);
const metadata = /^[^/]+-([^/-]+)\.dist-info\/WHEEL$/;
const tagOf: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** Opens a wheel for as long as `use` runs. */
export async function withWheel<T>(path: string, use: (wheel: Wheel) => Promise<T>): Promise<T> {
  const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
    throw damaged(path, error);
  });
  try {
    return await use(await read(path, zip));
  } finally {
    zip.close();
  }
}

async function read(path: string, zip: ZipFile): Promise<Wheel> {
  const files = new Map<string, Entry>();
  let version: string | undefined;
  let tags = "";
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const place = (library.exec(name) ?? header.exec(name))?.[1];
      if (place !== undefined) files.set(place, entry);
      const about = metadata.exec(name);
      if (!about) continue;
      version = about[1];
      tags = await text(await zip.openReadStreamPromise(entry));
    }
  } catch (error) {
    throw damaged(path, error);
  }
  const has = (name: string): boolean => [...files.keys()].some((file) => file.startsWith(name));
  if (version === undefined || !has("include/") || !has("libtensorflow_framework"))
    throw notTensorFlow(path, "neither its libraries nor its headers");
  if (!has("libtensorflow_cc"))
    throw notTensorFlow(path, "libtensorflow_framework.so but no libtensorflow_cc.so");
  const wanted = tagOf[process.arch];
  if (!new RegExp(`^Tag: .*linux.*_${wanted}`, "m").test(tags))
    throw new BuildError(
      "architecture-wrong",
      `a wheel for Linux ${wanted}`,
      `one with ${/^Tag: .*$/m.exec(tags)?.[0] ?? "no tag"} in ${path}`,
      `Take the one for this machine: python3 -m pip download --no-deps tensorflow-cpu==${version}.`,
    );
  return { path, version, files, zip };
}

/** Unpacks a wheel's files into a folder, as streams, and checks their checksums. */
export async function unpack(
  { path, zip, files }: Wheel,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const [name, entry] of files) {
    const place = join(folder, name);
    await mkdir(dirname(place), { recursive: true });
    try {
      const check = checksum(entry.crc32);
      const stream = await zip.openReadStreamPromise(entry);
      await pipeline(stream, check, createWriteStream(place), { ...(signal && { signal }) });
    } catch (error) {
      const ofTheSystem = error instanceof Error && "syscall" in error;
      throw signal?.aborted || ofTheSystem ? error : damaged(path, error);
    }
  }
}

function checksum(expected: number): Transform {
  let found = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      found = crc32(chunk, found);
      done(null, chunk);
    },
    flush(done) {
      done(found === expected ? null : new Error("a checksum is wrong"));
    },
  });
}

function damaged(path: string, error: unknown): BuildError {
  return new BuildError(
    "wheel-damaged",
    "a whole wheel",
    `that ${path} cannot be unpacked (${error instanceof Error ? error.message : String(error)})`,
    "Download it again.",
  );
}

function notTensorFlow(path: string, found: string): BuildError {
  return new BuildError(
    "source-wrong",
    "a wheel of TensorFlow that has libtensorflow_cc.so, libtensorflow_framework.so and include/",
    `${found} in ${path}`,
    "Get one: python3 -m pip download --no-deps tensorflow-cpu==2.21.0.",
  );
}

import { mkdtemp, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readElf, type Elf } from "../src/tensorflow/elf.ts";
import { definedSymbols, hash, undefinedSymbols } from "../src/tensorflow/symbols.ts";
import { elf, type Contents } from "./elf-writer.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "polytask-elf-"));
  path = join(folder, "lib.so");
});
afterEach(() => rm(folder, { recursive: true }));

async function library(contents: Contents): Promise<Elf> {
  await writeFile(path, elf(contents));
  const found = await readElf(path);
  if ("problem" in found) throw new Error(found.found);
  return found;
}

it("reads what the dynamic loader reads", async () => {
  expect(
    await library({
      machine: 183,
      soname: "libtensorflow_cc.so.2",
      needed: ["libtensorflow_framework.so.2", "libc.so.6"],
      runpath: "$ORIGIN/a:/b",
      bindNow: true,
    }),
  ).toMatchObject({
    machine: "arm64",
    soname: "libtensorflow_cc.so.2",
    needed: ["libtensorflow_framework.so.2", "libc.so.6"],
    rpath: [],
    runpath: ["$ORIGIN/a", "/b"],
    bindsNow: true,
  });
  expect(await library({ rpath: "/c" })).toMatchObject({
    soname: undefined,
    rpath: ["/c"],
    runpath: [],
    bindsNow: false,
  });
});

it("reads names that are longer than it reads at once", async () => {
  const long = "x".repeat(700);
  expect(await library({ needed: [long] })).toMatchObject({ needed: [long] });
});

// The value is of the table in "GNU Hash ELF Sections" by Ali Bahrami.
it("hashes as the linker does", () => {
  expect(hash("printf")).toBe(0x156b2bb8);
  expect(hash("")).toBe(0x1505);
});

it("lists what a library calls, and finds what one defines", async () => {
  const names = Array.from({ length: 40 }, (_, i) => `TF_Function${i}`);
  const found = await library({ calls: ["TFE_NewContext", "malloc"], defines: names });
  expect(await undefinedSymbols(found)).toEqual(["TFE_NewContext", "malloc"]);
  const asked = ["TF_Function7", "TF_Function39", "TF_Function40", "TFE_NewContext"];
  expect(await definedSymbols(found, asked)).toEqual(new Set(["TF_Function7", "TF_Function39"]));
  expect(await definedSymbols(await library({}), asked)).toEqual(new Set());
});

it("does not know what a library without the hash table defines", async () => {
  const found = await library({ defines: ["TF_Version"], hashed: false });
  expect(await definedSymbols(found, ["TF_Version"])).toBeUndefined();
});

it("finds nothing in a damaged hash table, and finds that out soon", async () => {
  const found = await library({ defines: ["TF_Version"] });
  const bytes = await readFile(path);
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(100_000)]));
  const chain = (found.tables.gnuHash ?? 0) + 16 + 8 + 2 * 4;
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(bytes.length - chain), 0, bytes.length - chain, chain);
  await file.close();
  expect(await definedSymbols(found, ["TF_Version"])).toEqual(new Set());
});

it("notices that any part of the end is missing", async () => {
  const bytes = elf({ soname: "a", needed: ["b"], defines: ["c"], calls: ["d"] });
  for (let length = 4; length < bytes.length; length++) {
    await writeFile(path, bytes.subarray(0, length));
    expect(await readElf(path), `${length} bytes`).toMatchObject({ problem: "cut" });
  }
});

it("notices an end that was never written", async () => {
  const bytes = elf({ needed: ["b"] });
  await writeFile(path, bytes);
  await truncate(path, bytes.length - 100);
  await truncate(path, bytes.length);
  expect(await readElf(path)).toMatchObject({ problem: "cut" });
});

it("takes a file that has more behind its end", async () => {
  await writeFile(path, Buffer.concat([elf({ soname: "a" }), Buffer.alloc(10)]));
  expect(await readElf(path)).toMatchObject({ soname: "a" });
});

it.each([
  ["empty", "", "0 bytes"],
  ["web-page", "\n <!DOCTYPE html><p>", 'begins with "<!DOCTYPE html>"'],
  ["not-elf", "PK\x03\x04", "504b0304"],
  ["architecture", elf().fill(1, 4, 5), "64-bit"],
])("tells what is %s", async (problem, bytes, found) => {
  await writeFile(path, bytes);
  expect(await readElf(path)).toEqual({ problem, found: expect.stringContaining(found) as string });
});

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync, gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CATEGORICAL, fetchAdult, loadAdult, NUMERIC, parseAdult } from "../src/data.ts";

const root = new URL("../../../", import.meta.url).pathname;
const data = join(process.env["POLYTASK_DATA"] ?? join(root, "../shared/data"), "adult");
const here = existsSync(join(data, "adult.data.gz"));
const FILES = ["adult.data", "adult.test"] as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adult-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("parseAdult", () => {
  const text = [
    "|1x3 Cross validator",
    "25, Private, 226802, 11th, 7, Never-married, ?, Own-child, Black, Male, 0, 0, 40, ?, <=50K.",
    "38, ?, 89814, Assoc-voc, 11, Divorced, Sales, Unmarried, White, Female, 7298, 0, 50, Cuba, >50K.",
    "",
  ].join("\n");

  it("skips the comment, strips full stops, and finds question marks", () => {
    const { inputs, labels } = parseAdult(text);
    expect(labels).toEqual({ income: [0, 1], neverMarried: [1, 0], education: [0, 1] });
    expect(inputs.workclass).toEqual(["Private", null]);
    expect(inputs.occupation).toEqual([null, "Sales"]);
    expect(inputs.country).toEqual([null, "Cuba"]);
    expect([inputs.capitalGain, inputs.gainWord]).toEqual([
      [0, 7298],
      ["0", "7298"],
    ]);
  });

  it("has inputs that do not repeat a label", () => {
    const names = Object.keys(parseAdult(text).inputs);
    expect(names.sort()).toEqual([...NUMERIC, ...CATEGORICAL].sort());
  });

  it("names the line that is broken", () => {
    expect(() => parseAdult(`${text}\n1, 2`)).toThrow("line 5 must have 15 fields, it has 2");
  });
});

describe("loadAdult", () => {
  it("says which file a folder lacks", async () => {
    await expect(loadAdult(folder)).rejects.toThrow(/must hold adult.data or adult.data.gz/);
  });

  it("refuses a file that is not the publisher's", async () => {
    for (const name of FILES) writeFileSync(join(folder, name), "1, 2, 3");
    await expect(loadAdult(folder)).rejects.toThrow(/must have SHA-256/);
  });
});

describe("fetchAdult without a network", () => {
  it("refuses what is not the publisher's, and keeps nothing of it", async () => {
    const wrong = async () => new TextEncoder().encode("moved");
    await expect(fetchAdult(folder, wrong)).rejects.toThrow(/must have SHA-256/);
    expect(FILES.some((name) => existsSync(join(folder, name)))).toBe(false);
  });
});

// Needs the Adult files: skipped unless POLYTASK_DATA (or ../shared/data) holds adult/.
describe.skipIf(!here)(
  `with the files of ${here ? "the data folder" : "no folder: skipped"}`,
  () => {
    const original = (name: string) => gunzipSync(readFileSync(join(data, `${name}.gz`)));

    it("reads all people, packed or plain, with the known shares of the labels", async () => {
      const packed = await loadAdult(data);
      for (const name of FILES) writeFileSync(join(folder, name), original(name));
      expect(JSON.stringify(await loadAdult(folder)) === JSON.stringify(packed)).toBe(true);
      const { train, test } = packed;
      expect([train.labels.income.length, test.labels.income.length]).toEqual([32561, 16281]);
      expect([train, test].map((part) => part.labels.income.reduce((a, b) => a + b))).toEqual([
        7841, 3846,
      ]);
      const share = (column: readonly number[]) => column.reduce((a, b) => a + b) / column.length;
      expect(share(test.labels.neverMarried)).toBeCloseTo(0.33376, 5);
      expect(share(test.labels.education)).toBeCloseTo(0.32283, 5);
      for (const name of NUMERIC) expect(train.inputs[name].every(Number.isFinite)).toBe(true);
    });

    it("gets both files out of the publisher's archive once, then reads the cache", async () => {
      const asked: string[] = [];
      const publisher = async (url: string) => {
        asked.push(url);
        return zip(FILES.map((name) => [name, original(name)] as const));
      };
      const first = await fetchAdult(folder, publisher);
      const second = await fetchAdult(folder, publisher);
      expect(second.test.inputs.age).toEqual(first.test.inputs.age);
      expect(asked).toEqual(["https://archive.ics.uci.edu/static/public/2/adult.zip"]);
      const sum = createHash("sha256")
        .update(readFileSync(join(folder, "adult.test")))
        .digest("hex");
      expect(sum).toMatch(/^a2a9044b/);
    });

    it("falls back to the publisher's older address", async () => {
      const publisher = async (url: string) => {
        if (url.endsWith(".zip")) throw new Error("gone");
        return original(url.slice(url.lastIndexOf("/") + 1));
      };
      const { test } = await fetchAdult(folder, publisher);
      expect(test.inputs.age).toHaveLength(16281);
    });
  },
);

/** A zip archive as far as readers of the central directory care: no checksums. */
function zip(files: readonly (readonly [name: string, bytes: Buffer])[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const packed = deflateRawSync(bytes);
    const head = Buffer.alloc(30);
    head.write("PK\u0003\u0004", "latin1");
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.write("PK\u0001\u0002", "latin1");
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    const parts = [head, Buffer.from(name), packed];
    local.push(...parts);
    central.push(entry, Buffer.from(name));
    at += parts.reduce((sum, part) => sum + part.length, 0);
  }
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, ...central, end]);
}

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";

/** What is asked of every person; null where the census has a question mark. */
interface AdultInputs {
  readonly age: readonly number[];
  readonly capitalGain: readonly number[];
  readonly capitalLoss: readonly number[];
  readonly hoursPerWeek: readonly number[];
  readonly workclass: readonly (string | null)[];
  readonly occupation: readonly (string | null)[];
  readonly relationship: readonly (string | null)[];
  readonly race: readonly (string | null)[];
  readonly sex: readonly (string | null)[];
  readonly country: readonly (string | null)[];
  /** Capital gains and losses again, and age, as words: single values tell more than their order. */
  readonly gainWord: readonly string[];
  readonly lossWord: readonly string[];
  readonly ageWord: readonly string[];
}

/** 1 for yes, 0 for no; none is missing. */
export interface AdultLabels {
  /** More than 50,000 dollars a year. */
  readonly income: readonly number[];
  readonly neverMarried: readonly number[];
  /** At least an associate degree (education-num ≥ 11). */
  readonly education: readonly number[];
}

/** One file's people, column by column. */
export interface AdultPart {
  readonly inputs: AdultInputs;
  readonly labels: AdultLabels;
}

/** The publisher's own division: 32,561 people for training, 16,281 for the test. */
export interface Adult {
  readonly train: AdultPart;
  readonly test: AdultPart;
}

/** Columns that become numbers, and columns that become words, as a tabular encoder wants them told apart. */
export const NUMERIC = ["age", "capitalGain", "capitalLoss", "hoursPerWeek"] as const;
export const CATEGORICAL = [
  "workclass",
  "occupation",
  "relationship",
  "race",
  "sex",
  "country",
  "gainWord",
  "lossWord",
  "ageWord",
] as const;

/** Becker & Kohavi, "Adult", UCI Machine Learning Repository 1996, CC BY 4.0. */
const PUBLISHER = "https://archive.ics.uci.edu";
const ZIP = `${PUBLISHER}/static/public/2/adult.zip`;
const FOLDER = `${PUBLISHER}/ml/machine-learning-databases/adult`;

/** SHA-256 of the uncompressed files. */
const SHA256 = {
  "adult.data": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
  "adult.test": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
} as const;
type FileName = keyof typeof SHA256;

/**
 * Reads `adult.data` and `adult.test`, each plain or as `.gz`, from a folder.
 *
 * @throws Error where a file is missing or is not the publisher's.
 */
export async function loadAdult(dir: string): Promise<Adult> {
  const [train, test] = await Promise.all([
    readVerified(dir, "adult.data"),
    readVerified(dir, "adult.test"),
  ]);
  return { train: parseAdult(train.toString("latin1")), test: parseAdult(test.toString("latin1")) };
}

/** Gets the bytes behind an address. */
export type Download = (url: string) => Promise<Uint8Array>;

/**
 * Downloads both files from the publisher into `cacheDir`, once, and reads them.
 *
 * @throws Error where the publisher cannot be reached, or sends something else than it used to.
 */
export async function fetchAdult(cacheDir: string, download: Download = get): Promise<Adult> {
  const cached = await loadAdult(cacheDir).catch(() => undefined);
  if (cached !== undefined) return cached;
  const files = await downloadZip(download).catch(() => downloadFolder(download));
  await mkdir(cacheDir, { recursive: true });
  for (const name of names()) {
    const bytes = verified(name, files[name], PUBLISHER);
    const partial = join(cacheDir, `${name}.partial-${process.pid}`);
    await writeFile(partial, bytes);
    await rename(partial, join(cacheDir, name));
  }
  return loadAdult(cacheDir);
}

/**
 * Lines of the file in, columns out.
 *
 * Not among the inputs: education and education-num, marital-status, income (they are the labels) and
 * fnlwgt (a weight of the census, not of the person). Relationship stays, although "Husband" and
 * "Wife" tell who has been married: the published figures for these tasks keep it as well.
 *
 * @throws Error naming the line that has not 15 fields.
 */
export function parseAdult(text: string): AdultPart {
  const rows: string[][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    // The test file opens with the comment "|1x3 Cross validator"; both files end in an empty line.
    if (line.trim() === "" || line.startsWith("|")) continue;
    const fields = line.split(",").map((field) => field.trim());
    if (fields.length !== 15) {
      throw new Error(`adult: line ${index + 1} must have 15 fields, it has ${fields.length}`);
    }
    rows.push(fields);
  }
  const numbers = (field: number): number[] => rows.map((row) => Number(row[field]));
  const words = (field: number): string[] => rows.map((row) => row[field]);
  const known = (field: number): (string | null)[] =>
    rows.map((row) => (row[field] === "?" ? null : row[field]));
  const flags = (test: (row: string[]) => boolean): number[] =>
    rows.map((row) => (test(row) ? 1 : 0));
  return {
    inputs: {
      age: numbers(0),
      capitalGain: numbers(10),
      capitalLoss: numbers(11),
      hoursPerWeek: numbers(12),
      workclass: known(1),
      occupation: known(6),
      relationship: known(7),
      race: known(8),
      sex: known(9),
      country: known(13),
      gainWord: words(10),
      lossWord: words(11),
      ageWord: words(0),
    },
    labels: {
      // The test file ends its labels in a full stop: ">50K.".
      income: flags((row) => row[14].startsWith(">50K")),
      neverMarried: flags((row) => row[5] === "Never-married"),
      education: flags((row) => Number(row[4]) >= 11),
    },
  };
}

async function readVerified(dir: string, name: FileName): Promise<Buffer> {
  const path = join(dir, name);
  const plain = await readFile(path).catch(absent);
  if (plain !== undefined) return verified(name, plain, path);
  const packed = await readFile(`${path}.gz`).catch(absent);
  if (packed !== undefined) return verified(name, gunzipSync(packed), `${path}.gz`);
  throw new Error(`adult: ${dir} must hold ${name} or ${name}.gz; it holds neither`);
}

function absent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

function verified(name: FileName, bytes: Uint8Array, from: string): Buffer {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === SHA256[name]) return Buffer.from(bytes);
  throw new Error(`adult: ${name} from ${from} must have SHA-256 ${SHA256[name]}, it has ${found}`);
}

function names(): FileName[] {
  return Object.keys(SHA256) as FileName[];
}

async function get(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`adult: ${url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function downloadZip(download: Download): Promise<Record<FileName, Uint8Array>> {
  const zip = Buffer.from(await download(ZIP));
  return { "adult.data": unzip(zip, "adult.data"), "adult.test": unzip(zip, "adult.test") };
}

/** The address of earlier years, for the day when the archive moves. */
async function downloadFolder(download: Download): Promise<Record<FileName, Uint8Array>> {
  return {
    "adult.data": await download(`${FOLDER}/adult.data`),
    "adult.test": await download(`${FOLDER}/adult.test`),
  };
}

/** One file out of a zip, found through the archive's central directory. */
function unzip(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf("PK\u0005\u0006", undefined, "latin1");
  if (end < 0) throw new Error("adult: the download must be a zip archive");
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28);
    if (zip.toString("latin1", at + 46, at + 46 + nameLength) === name) {
      const local = zip.readUInt32LE(at + 42);
      const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const packed = zip.subarray(from, from + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`adult: the archive must hold ${name}`);
}

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@polytask/core";

/** What is known of every film before it is shown; null where the catalogue is silent. */
interface FilmInputs {
  /** log₁₀ of the production budget in dollars. */
  readonly budget: readonly (number | null)[];
  /** Minutes. */
  readonly runningTime: readonly (number | null)[];
  readonly year: readonly (number | null)[];
  /** "Jan" … "Dec"; null where only the year of release is known. */
  readonly month: readonly (string | null)[];
  readonly mpaa: readonly (string | null)[];
  readonly distributor: readonly (string | null)[];
  readonly source: readonly (string | null)[];
  readonly creativeType: readonly (string | null)[];
}

/** What became of every film; null where nobody noted it. */
interface FilmLabels {
  /** IMDB rating, 1 to 10. */
  readonly imdb: readonly (number | null)[];
  /** Rotten Tomatoes rating, 0 to 100. */
  readonly tomatoes: readonly (number | null)[];
  /** Index into the genres. */
  readonly genre: readonly (number | null)[];
  /** log₁₀ of the worldwide gross in dollars. */
  readonly gross: readonly (number | null)[];
}

/** Columns of equal length, one entry for a film. */
export interface Films {
  readonly inputs: FilmInputs;
  readonly labels: FilmLabels;
  /** Names of the classes of the task genre. */
  readonly genres: readonly string[];
}

/** Row numbers of each part. */
export interface Split {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/**
 * Reads `movies.json` of the npm package vega-datasets: 3,201 films.
 *
 * Left out on purpose: US gross, DVD sales and IMDB votes, which are known only together with the
 * labels, and the director, missing for 42 % of the films.
 */
export async function loadFilms(path: string = moviesPath()): Promise<Films> {
  return toFilms(JSON.parse(await readFile(path, "utf8")) as readonly FilmRecord[]);
}

/** One record of `movies.json`, as far as it is read here. */
export interface FilmRecord {
  readonly "Production Budget": unknown;
  readonly "Running Time min": unknown;
  readonly "Release Date": unknown;
  readonly "MPAA Rating": unknown;
  readonly Distributor: unknown;
  readonly Source: unknown;
  readonly "Creative Type": unknown;
  readonly "IMDB Rating": unknown;
  readonly "Rotten Tomatoes Rating": unknown;
  readonly "Major Genre": unknown;
  readonly "Worldwide Gross": unknown;
}

/** Records in, columns out. */
export function toFilms(records: readonly FilmRecord[]): Films {
  const genreNames = records.map((r) => word(r["Major Genre"]));
  const genres = [...new Set(genreNames)].filter((name) => name !== null).sort();
  const dates = records.map((r) => released(r["Release Date"]));
  return {
    inputs: {
      budget: records.map((r) => logDollars(r["Production Budget"])),
      runningTime: records.map((r) => positive(r["Running Time min"])),
      year: dates.map((date) => date.year),
      month: dates.map((date) => date.month),
      mpaa: records.map((r) => word(r["MPAA Rating"])),
      distributor: records.map((r) => word(r.Distributor)),
      source: records.map((r) => word(r.Source)),
      creativeType: records.map((r) => word(r["Creative Type"])),
    },
    labels: {
      imdb: records.map((r) => positive(r["IMDB Rating"])),
      tomatoes: records.map((r) => finite(r["Rotten Tomatoes Rating"])),
      genre: genreNames.map((name) => (name === null ? null : genres.indexOf(name))),
      gross: records.map((r) => logDollars(r["Worldwide Gross"])),
    },
    genres,
  };
}

/** Shuffles the numbers 0 … rows − 1 and cuts them 70 : 15 : 15; the same seed gives the same parts. */
export function split(rows: number, seed: number): Split {
  const order = Array.from(seededRandom(seed)("split").permutation(rows));
  const a = Math.round(0.7 * rows);
  const b = Math.round(0.85 * rows);
  return { train: order.slice(0, a), validation: order.slice(a, b), test: order.slice(b) };
}

/** The films of the given row numbers, in that order. */
export function take({ inputs, labels, genres }: Films, rows: readonly number[]): Films {
  const of = <Value>(column: readonly Value[]): Value[] => rows.map((row) => column[row]);
  return {
    inputs: {
      budget: of(inputs.budget),
      runningTime: of(inputs.runningTime),
      year: of(inputs.year),
      month: of(inputs.month),
      mpaa: of(inputs.mpaa),
      distributor: of(inputs.distributor),
      source: of(inputs.source),
      creativeType: of(inputs.creativeType),
    },
    labels: {
      imdb: of(labels.imdb),
      tomatoes: of(labels.tomatoes),
      genre: of(labels.genre),
      gross: of(labels.gross),
    },
    genres,
  };
}

/** Mean and standard deviation of the known labels, for `regression`; give it training rows only. */
export function spread(column: readonly (number | null)[]): { mean: number; deviation: number } {
  const known = column.filter((value) => value !== null);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length;
  return { mean, deviation: Math.sqrt(variance) };
}

function moviesPath(): string {
  const main = createRequire(import.meta.url).resolve("vega-datasets");
  return fileURLToPath(new URL("../data/movies.json", `file://${main}`));
}

/** The catalogue ends in 2011: anything later is a film of the 1910s to 1940s in the wrong century. */
const LAST_YEAR = 2011;
/** Before the catalogue's daily records began, "Dec 31" stands for "some time in the following year". */
const DAILY_SINCE = 1995;

function released(value: unknown): { year: number | null; month: string | null } {
  const found = /^([A-Z][a-z]{2}) (\d{2}) (\d{4})$/.exec(word(value) ?? "");
  if (found === null) return { year: null, month: null };
  const [, month, day, digits] = found;
  const year = Number(digits) > LAST_YEAR ? Number(digits) - 100 : Number(digits);
  if (year < DAILY_SINCE && month === "Dec" && day === "31") return { year: year + 1, month: null };
  if (year < DAILY_SINCE && month === "Jan" && day === "01") return { year, month: null };
  return { year, month };
}

/** A gross or budget of 0 means that nobody knows it. */
function logDollars(value: unknown): number | null {
  const dollars = positive(value);
  return dollars === null ? null : Math.log10(dollars);
}

function positive(value: unknown): number | null {
  const number = finite(value);
  return number !== null && number > 0 ? number : null;
}

function finite(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function word(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const trimmed = value.trim();
  return trimmed === "" || trimmed === "Distributor Unknown" ? null : trimmed;
}

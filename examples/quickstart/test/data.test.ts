import { beforeAll, describe, expect, it } from "vitest";
import {
  loadFilms,
  split,
  spread,
  take,
  toFilms,
  type FilmRecord,
  type Films,
} from "../src/data.ts";

let films: Films;
beforeAll(async () => {
  films = await loadFilms();
});

const known = (column: readonly unknown[]) => column.filter((value) => value !== null).length;

describe("loadFilms", () => {
  it("reads 3,201 films into columns of one length", () => {
    const columns: readonly (readonly unknown[])[] = [
      ...Object.values<readonly unknown[]>({ ...films.inputs }),
      ...Object.values<readonly unknown[]>({ ...films.labels }),
    ];
    for (const column of columns) {
      expect(column).toHaveLength(3201);
    }
  });

  it("leaves missing labels missing", () => {
    expect(known(films.labels.imdb)).toBe(2988);
    expect(known(films.labels.tomatoes)).toBe(2321);
    expect(known(films.labels.genre)).toBe(2926);
    expect(known(films.labels.gross)).toBe(3147);
  });

  it("names twelve genres and numbers them", () => {
    expect(films.genres).toHaveLength(12);
    expect(films.genres).toContain("Drama");
    expect(new Set(films.labels.genre.filter((g) => g !== null)).size).toBe(12);
  });

  it("keeps every number in a believable range", () => {
    const within = (column: readonly (number | null)[], low: number, high: number) =>
      expect(column.every((v) => v === null || (v >= low && v <= high))).toBe(true);
    within(films.inputs.budget, 2, 9);
    within(films.inputs.runningTime, 40, 240);
    within(films.inputs.year, 1912, 2011);
    within(films.labels.imdb, 1, 10);
    within(films.labels.tomatoes, 0, 100);
    within(films.labels.gross, 2, 10);
  });

  it("has inputs that do not repeat a label", () => {
    expect(Object.keys(films.inputs).sort()).toEqual([
      "budget",
      "creativeType",
      "distributor",
      "month",
      "mpaa",
      "runningTime",
      "source",
      "year",
    ]);
  });
});

describe("toFilms", () => {
  const film = (change: Partial<FilmRecord>): FilmRecord => ({
    "Production Budget": 1000,
    "Running Time min": null,
    "Release Date": "Jun 12 1998",
    "MPAA Rating": "R",
    Distributor: "Gramercy",
    Source: null,
    "Creative Type": null,
    "IMDB Rating": 6.1,
    "Rotten Tomatoes Rating": null,
    "Major Genre": null,
    "Worldwide Gross": 100,
    ...change,
  });

  it.each([
    ["Jun 12 1998", 1998, "Jun", "an ordinary date"],
    ["Nov 21 2046", 1946, "Nov", "a date in the wrong century"],
    ["Dec 31 1941", 1942, null, "a year that was entered without a day"],
    ["Jan 01 1970", 1970, null, "another way of entering it"],
    ["Dec 31 2008", 2008, "Dec", "a real New Year's Eve"],
    ["soon", null, null, "no date"],
  ] as const)("reads %s as %s, %s: %s", (...[date, year, month]) => {
    const { inputs } = toFilms([film({ "Release Date": date })]);
    expect([inputs.year[0], inputs.month[0]]).toEqual([year, month]);
  });

  it("takes a gross of 0, a word for a number and an unknown distributor as missing", () => {
    const { inputs, labels } = toFilms([
      film({ "Worldwide Gross": 0, "IMDB Rating": "6.1", Distributor: "Distributor Unknown" }),
    ]);
    expect([labels.gross[0], labels.imdb[0], inputs.distributor[0]]).toEqual([null, null, null]);
    expect(inputs.budget[0]).toBe(3);
  });
});

describe("split", () => {
  it("divides the rows 70 : 15 : 15 without loss, the same way for the same seed", () => {
    const parts = split(3201, 1);
    const all = [...parts.train, ...parts.validation, ...parts.test];
    expect([parts.train.length, parts.validation.length, parts.test.length]).toEqual([
      2241, 480, 480,
    ]);
    expect(new Set(all).size).toBe(3201);
    expect(split(3201, 1)).toEqual(parts);
    expect(split(3201, 2)).not.toEqual(parts);
  });

  it("takes rows out of every column", () => {
    const two = take(films, [7, 3]);
    expect(two.inputs.year).toEqual([films.inputs.year[7], films.inputs.year[3]]);
    expect(two.labels.gross).toEqual([films.labels.gross[7], films.labels.gross[3]]);
    expect(two.genres).toBe(films.genres);
  });
});

describe("spread", () => {
  it("is the mean and deviation of what is known", () => {
    expect(spread([1, null, 3])).toEqual({ mean: 2, deviation: 1 });
  });
});

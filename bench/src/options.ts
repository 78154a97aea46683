import { parseArgs } from "node:util";
import { badOption } from "@polytask/core";
import { type Case, nameOf } from "./cases.ts";
import { type Implementation, implementations } from "./implementations.ts";

export interface Options {
  readonly rounds: number;
  readonly threads: number;
  readonly json: string | undefined;
  readonly cases: readonly Case[];
  readonly implementations: readonly Implementation[];
}

/**
 * Reads `[--rounds N] [--threads N] [--json FILE] [--cases a,b] [--implementations a,b]`; a case is named with its batch
 * ("mmoe-sum@256") or without ("mmoe-sum": all batches).
 *
 * @throws POLYTASK_OPTION for a name or number that cannot be.
 */
export function readOptions(
  who: string,
  args: readonly string[],
  defaults: {
    readonly cases: readonly Case[];
    readonly implementations: readonly Implementation[];
    readonly rounds: number;
  },
): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: String(defaults.rounds) },
      threads: { type: "string", default: "2" },
      json: { type: "string" },
      cases: { type: "string" },
      implementations: { type: "string" },
    },
  });
  const wantedCases = values.cases?.split(",");
  for (const wanted of wantedCases ?? []) {
    if (!defaults.cases.some((c) => isNamed(c, wanted))) {
      throw badOption(who, "cases", `among ${defaults.cases.map(nameOf).join(", ")}`, wanted);
    }
  }
  for (const wanted of values.implementations?.split(",") ?? []) {
    if (!implementations.some((name) => name === wanted)) {
      throw badOption(who, "implementations", `among ${implementations.join(", ")}`, wanted);
    }
  }
  return {
    rounds: wholeNumber(who, "rounds", values.rounds),
    threads: wholeNumber(who, "threads", values.threads),
    json: values.json,
    cases: wantedCases
      ? defaults.cases.filter((c) => wantedCases.some((wanted) => isNamed(c, wanted)))
      : defaults.cases,
    implementations:
      (values.implementations?.split(",") as Implementation[] | undefined) ??
      defaults.implementations,
  };
}

const isNamed = (c: Case, name: string): boolean => nameOf(c) === name || c.model === name;

function wholeNumber(who: string, name: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0)) {
    throw badOption(who, name, "a whole number of at least 1", text);
  }
  return value;
}

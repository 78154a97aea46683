import type { Variable } from "@tensorflow/tfjs";
import { CONTRACT, type NamedVariable, type Parameter, type State } from "@polytask/core";
import { demand } from "./law.ts";
import { settle } from "./leak.ts";

/** What every plugin's value must look like, whatever its kind. */
export function checkPlugin(
  plugin: {
    readonly kind: string;
    readonly name: string;
    readonly contract: unknown;
    readonly create: unknown;
  },
  kind: string,
): void {
  demand(plugin.kind === kind, `kind must be "${kind}"`, () => `got "${plugin.kind}"`);
  const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(plugin.name);
  demand(kebab, "the name must be kebab case", () => `got "${plugin.name}"`);
  demand(
    plugin.contract === CONTRACT,
    `contract must be ${CONTRACT}`,
    () => `got ${String(plugin.contract)}`,
  );
  demand(
    typeof plugin.create === "function",
    "create must be a function",
    () => `got ${typeof plugin.create}`,
  );
}

/** Every variable has a name of its own and is listed once. */
export function checkNames(variables: readonly NamedVariable[]): void {
  const names = variables.map(({ name }) => name);
  const bad = names.find((name, i) => name.length === 0 || names.indexOf(name) !== i);
  demand(
    bad === undefined,
    "every variable must have a name of its own",
    () => `"${bad}" is empty or occurs twice`,
  );
  const distinct = new Set(variables.map(({ variable }) => variable)).size;
  demand(
    distinct === variables.length,
    "every variable must be listed once",
    "one is listed twice",
  );
}

/** A variable that no list names is neither trained nor saved. */
export function checkListed(made: readonly Variable[], listed: readonly NamedVariable[]): void {
  const known = new Set(listed.map(({ variable }) => variable));
  const lost = made.filter((variable) => !known.has(variable));
  demand(
    lost.length === 0,
    "every variable of the scope must be listed",
    () => `${lost.length} of ${made.length} are not, one of shape [${lost[0].shape.join(", ")}]`,
  );
}

/** What every list of variables without a gradient must look like. */
export function checkBuffers(buffers: readonly NamedVariable[]): void {
  checkNames(buffers);
  const trained = buffers.find(({ variable }) => variable.trainable);
  demand(trained === undefined, "a buffer must not be trainable", () => `"${trained?.name}" is`);
}

/** What every list of trained variables must look like. */
export function checkParameters(parameters: readonly Parameter[], tasks: readonly string[]): void {
  checkNames(parameters);
  for (const { name, variable, tasks: owners } of parameters) {
    demand(
      variable.trainable,
      "every trained variable must be trainable",
      () => `"${name}" is not`,
    );
    demand(
      owners.length > 0,
      "every variable must belong to a task",
      () => `"${name}" belongs to none`,
    );
    const unknown = owners.find(
      (owner, i) => !tasks.includes(owner) || owners.indexOf(owner) !== i,
    );
    demand(
      unknown === undefined,
      `owners must be tasks (${tasks.join(", ")}), each once`,
      () => `"${name}" lists "${unknown}"`,
    );
  }
}

/** Saved state must be JSON, and a copy: what the part does later must not change it. */
export function checkJson(state: State | undefined): void {
  const copy = JSON.stringify(state) as string | undefined;
  const same = state === undefined || (copy !== undefined && sameValue(JSON.parse(copy), state));
  demand(
    same,
    "state must be plain JSON: finite numbers, strings, booleans, null, lists, records",
    () => `got ${copy}`,
  );
}

/** Equality of JSON values, number by number and bit by bit (0 is not −0, NaN is NaN). */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Object.is(a, b);
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) =>
      sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

/** Calls that must be refused, each with an error that carries a code. */
export async function checkRefusals(calls: readonly (() => unknown)[]): Promise<void> {
  for (const [i, call] of calls.entries()) {
    const outcome = await settle(call);
    demand(!outcome.ok, `call ${i} of \`rejects\` must throw`, "it returned");
    checkCode(outcome.error);
  }
}

/** Errors tell their code. */
export function checkCode(error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  demand(
    typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code),
    "every error must carry a code",
    () => `got ${String(error)} without one`,
  );
}

import type { Model, NamedVariable } from "./architecture.ts";
import type { Engine } from "./engine.ts";
import { badPart, brokenPart, show, tooFewTasks, unmetNeed, wrongContract } from "./errors.ts";
import type { Network, OwnedParameter } from "./network.ts";
import { type Capability, CONTRACT, type Needs, type Plugin } from "./plugin.ts";
import type { Surgery } from "./surgery.ts";

/** A made part's name and what it asks for. */
export interface MadePart {
  readonly name: string;
  readonly needs: Needs | undefined;
}

/** Refuses a part that needs what the engine cannot do. */
export function checkOffers<Name extends string>(
  engine: Engine<Name>,
  parts: readonly MadePart[],
  surgeries: readonly Surgery<Name>[],
): void {
  const refuse = (who: string, capability: Capability): void => {
    if (engine.offers.includes(capability)) return;
    throw unmetNeed(
      who,
      `needs an engine that offers "${capability}"`,
      `this one offers ${engine.offers.join(", ") || "no such ability"}`,
    );
  };
  for (const { name, needs } of parts) {
    if (needs?.cross) refuse(name, "cross");
    if (needs?.probes) refuse(name, "probes");
  }
  for (const { at = "parameters" } of surgeries) {
    if (at !== "parameters") refuse(`surgery at "${at.activation}"`, "activation surgery");
  }
}

export function checkPlugin(place: string, kind: string, plugin: unknown): void {
  const found = plugin as Partial<Plugin<string, unknown>> | null | undefined;
  if (found?.kind !== kind) {
    throw badPart(place, `needs a plugin of kind "${kind}"`, `got ${show(plugin)}`);
  }
  if (typeof found.create !== "function" || typeof found.name !== "string") {
    throw badPart(place, "a plugin has a name and a create function", `got ${show(plugin)}`);
  }
  if (found.contract !== CONTRACT) throw wrongContract(found.name, CONTRACT, found.contract);
}

export function checkVariables<Name extends string>(
  parameters: readonly OwnedParameter<Name>[],
  extras: readonly OwnedParameter<Name>[],
  buffers: readonly NamedVariable[],
  model: Model<Name>,
): void {
  const trained = [...parameters, ...extras];
  const names = [...trained.map(({ info }) => info.name), ...buffers.map(({ name }) => name)];
  const variables = [...trained, ...buffers].map(({ variable }) => variable);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw brokenPart(twice, "every variable must have a name of its own", "the name is used twice");
  }
  const again = variables.findIndex((variable, i) => variables.indexOf(variable) !== i);
  if (again >= 0) {
    throw brokenPart(names[again], "every variable must be listed once", "it is listed twice");
  }
  if (parameters.length === 0) {
    throw brokenPart("architecture", "a model must have parameters", "it lists none");
  }
  const listed = new Set(parameters.map(({ variable }) => variable));
  if (!model.lastShared.every((variable) => listed.has(variable))) {
    throw brokenPart("architecture", "lastShared must be made of parameters", "one is not listed");
  }
}

/** What all parts together need; fails where it cannot be met. */
export function checkNeeds<Name extends string>(
  parts: readonly MadePart[],
  names: readonly Name[],
  model: Model<Name>,
): Network<Name>["needs"] {
  for (const { name, needs } of parts) {
    if (needs?.tasks !== undefined && names.length < needs.tasks) {
      throw tooFewTasks(name, needs.tasks, names);
    }
    if (needs?.lastSharedNorms && model.lastShared.length === 0) {
      throw unmetNeed(
        name,
        "needs an architecture that names its last shared layer",
        "lastShared is empty",
      );
    }
  }
  return {
    lastSharedNorms: parts.some(({ needs }) => needs?.lastSharedNorms),
    gramian: parts.some(({ needs }) => needs?.gramian),
    activations: [...new Set(parts.flatMap(({ needs }) => needs?.activations ?? []))],
  };
}

import type { Model, NamedVariable, Parameter, PartScope } from "./architecture.ts";
import {
  checkNeeds,
  checkOffers,
  checkPlugin,
  checkVariables,
  type MadePart,
} from "./check-wiring.ts";
import { type Encoder, input } from "./encoder.ts";
import { eager } from "./eager.ts";
import type { Engine } from "./engine.ts";
import { badPart, brokenPart, unknownTask } from "./errors.ts";
import type { Network, OwnedParameter } from "./network.ts";
import type { Observer } from "./observer.ts";
import { type ParameterInfo, sgd } from "./optimizer.ts";
import type { Parts } from "./parts.ts";
import type { Needs, Plugin, Stateful } from "./plugin.ts";
import { local } from "./reducer.ts";
import { joint, type Sampler } from "./sampler.ts";
import { optimizerToken, type RootScope, type Scope } from "./scope.ts";
import type { PerTask, Task } from "./tasks.ts";
import { equal } from "./weighting.ts";

/** A trainer's parts, made and checked. */
export interface Wired<Name extends string> {
  readonly network: Network<Name>;
  readonly engine: Engine<Name>;
  readonly sampler: Sampler<Name>;
  readonly observers: readonly Observer<Name>[];
  /** Parts that may have host-side state, by the key of their checkpoint entry. */
  readonly stateful: ReadonlyMap<string, Stateful>;
}

/** Makes every part once, in the order in which they need one another, and checks what each made. */
export async function wire<Name extends string>(
  tasks: PerTask<Name, Task>,
  parts: Parts<Name>,
  root: RootScope<Name>,
): Promise<Wired<Name>> {
  const names = Object.keys(tasks) as Name[];
  const stateful = new Map<string, Stateful>();
  const made: MadePart[] = [];
  const pluginNames = new Map<object, string>();

  const make = async <Value extends object, In>(
    place: string,
    kind: string,
    plugin: Plugin<string, Value, In>,
    extend: (scope: Scope<Name>) => In,
  ): Promise<Value> => {
    checkPlugin(place, kind, plugin);
    const value = await plugin.create(extend(root.for(place)));
    stateful.set(place, value);
    pluginNames.set(value, plugin.name);
    made.push({ name: plugin.name, needs: (value as { needs?: Needs }).needs });
    return value;
  };
  const plain = (scope: Scope<Name>): Scope<Name> => scope;

  if (Array.isArray(parts.architecture)) {
    throw badPart(
      "architecture",
      "a trainer has exactly one architecture",
      `got ${parts.architecture.length}`,
    );
  }
  const encoder: Encoder<Name> = await make(
    "encoder",
    "encoder",
    parts.encoder ?? input<Name>({}),
    plain,
  );
  const model: Model<Name> = await make(
    "architecture",
    "architecture",
    parts.architecture,
    (scope) => ({
      ...scope,
      inputs: encoder.shape,
    }),
  );
  const weighting = await make("weighting", "weighting", parts.weighting ?? equal<Name>(), plain);
  const withParameters = (scope: Scope<Name>): PartScope<Name> => ({
    ...scope,
    parameters: [...encoder.parameters, ...model.parameters],
  });
  const surgeries = await inOrder(toArray(parts.surgery), (plugin, i) =>
    make(`surgery/${i}`, "surgery", plugin, withParameters),
  );
  const regularizers = await inOrder(parts.regularizers ?? [], (plugin, i) =>
    make(`regularizers/${i}`, "regularizer", plugin, withParameters),
  );
  const optimizer = await make(
    "optimizer",
    "optimizer",
    parts.optimizer ?? root.resolve(optimizerToken, sgd()),
    plain,
  );
  const sampler = await make("sampler", "sampler", parts.sampler ?? joint<Name>(), plain);
  const reducer = await make("reducer", "reducer", parts.reducer ?? local(), plain);
  // By name, since observers come and go between two runs of one training.
  const observers = await inOrder(parts.observers ?? [], (plugin, i) =>
    make(`${OBSERVERS}${placeOf(plugin, i, parts.observers ?? [])}`, "observer", plugin, plain),
  );

  const owned = (
    owner: ParameterInfo["owner"],
    part: string,
    list: readonly Parameter<Name>[] = [],
  ): OwnedParameter<Name>[] => list.map((parameter) => own(owner, part, parameter, names));
  const parameters = [
    ...owned("encoder", "encoder", encoder.parameters),
    ...owned("architecture", "architecture", model.parameters),
  ];
  const extras = [
    ...owned("weighting", "weighting", weighting.variables),
    ...regularizers.flatMap((part, i) => owned("regularizer", `regularizers/${i}`, part.variables)),
  ];
  const buffers = [
    ...named("architecture", model.buffers),
    ...surgeries.flatMap((part, i) => named(`surgery/${i}`, part.buffers)),
  ];
  checkVariables(parameters, extras, buffers, model);
  const needs = checkNeeds(made, names, model);

  const network: Network<Name> = {
    tasks: names,
    task: tasks,
    nameOf: (part) => pluginNames.get(part) ?? "a part",
    encoder,
    model,
    weighting,
    surgeries,
    regularizers,
    optimizer,
    reducer,
    parameters,
    extras,
    buffers,
    needs,
    noise: root.random("noise"),
  };
  const engine = await make("engine", "engine", parts.engine ?? eager<Name>(), (scope) => ({
    ...scope,
    network,
  }));
  checkOffers(engine, made, surgeries);
  return { network, engine, sampler, observers, stateful };
}

/** Where observers' state is kept. A saved trainer may lack one that is there now, and the other way round. */
export const OBSERVERS = "observers/";

/** A plugin's name, with its number where an earlier one has the same. */
function placeOf(
  plugin: { readonly name?: unknown },
  index: number,
  all: readonly { readonly name?: unknown }[],
): string {
  const earlier = all.slice(0, index).filter(({ name }) => name === plugin.name).length;
  return `${String(plugin.name)}${earlier === 0 ? "" : `/${earlier}`}`;
}

const toArray = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

async function inOrder<In, Out>(
  list: readonly In[],
  make: (item: In, index: number) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (const [index, item] of list.entries()) results.push(await make(item, index));
  return results;
}

function own<Name extends string>(
  owner: ParameterInfo["owner"],
  part: string,
  parameter: Parameter<Name>,
  names: readonly Name[],
): OwnedParameter<Name> {
  const { name, variable, tasks, role, layout = "dense" } = parameter;
  for (const task of tasks) {
    if (!names.includes(task)) throw unknownTask(`${part}, parameter "${name}"`, task, names);
  }
  if (tasks.length === 0 || new Set(tasks).size !== tasks.length) {
    throw brokenPart(
      part,
      `parameter "${name}" must name each task that depends on it once`,
      `it names ${tasks.length === 0 ? "none" : tasks.join(", ")}`,
    );
  }
  if (!variable.trainable) {
    throw brokenPart(part, `parameter "${name}" must be trainable`, "its variable is not");
  }
  const info: ParameterInfo = {
    name: `${part}/${name}`,
    shape: variable.shape,
    layout,
    tasks,
    owner,
    ...(role !== undefined && { role }),
  };
  return { ...parameter, info };
}

const named = (part: string, list: readonly NamedVariable[] = []): NamedVariable[] =>
  list.map(({ name, variable }) => ({ name: `${part}/${name}`, variable }));

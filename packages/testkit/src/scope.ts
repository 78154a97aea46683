import * as tf from "@tensorflow/tfjs";
import type { Tensor, Variable } from "@tensorflow/tfjs";
import {
  type ArchitectureScope,
  binary,
  type InputShape,
  type Logger,
  multiclass,
  type Parameter,
  type PartScope,
  type PerTask,
  PolytaskError,
  type Random,
  regression,
  seededRandom,
  type Task,
  type Token,
  unknownTask,
} from "@polytask/core";

/** The tasks that every suite makes plugins for: one of each kind. */
export const sampleTasks: PerTask<"a" | "b" | "c", Task> = {
  a: binary(),
  b: regression(),
  c: multiclass(3),
};

/** `count` tasks of mixed kinds, named a, b, c, …, z, t26, t27, …; the first three are `sampleTasks`. */
export function tasksNamed(count: number): PerTask<string, Task> {
  const kinds = Object.values(sampleTasks);
  const name = (i: number): string => (i < 26 ? String.fromCharCode(97 + i) : `t${i}`);
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [name(i), kinds[i % 3]]));
}

export interface TestScopeOptions {
  /** Seed of all random streams. Default 0. */
  readonly seed?: number;
  /** What an architecture reads. Default [6]. */
  readonly inputs?: InputShape;
  /** What a surgery or regularizer finds. Default: none. */
  readonly parameters?: readonly Parameter[];
  /** What `resolve` finds. */
  readonly bound?: ReadonlyMap<Token<unknown>, unknown>;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Told of every call that a part makes on the scope; may throw, to see what a part leaves behind. */
  readonly onCall?: (call: string) => void;
}

/** Values of the listed variables and places of all streams. */
export interface ScopeState {
  readonly variables: readonly Float32Array[];
  readonly streams: Readonly<Record<string, readonly number[]>>;
}

/** A scope by hand, as a trainer would give it to one part. */
export interface TestScope<Name extends string = string>
  extends ArchitectureScope<Name>, PartScope<Name> {
  /** In the order in which they were made. */
  readonly variables: readonly Variable[];
  /** A trainer saves the variables that a part lists, and no others. */
  readonly save: (listed: readonly Variable[]) => Promise<ScopeState>;
  readonly load: (state: ScopeState, listed: readonly Variable[]) => void;
  /** Frees the variables and runs what `onDispose` was given, newest first. Idempotent. */
  readonly dispose: () => void;
}

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** Makes a scope without a trainer, for unit tests of one part: `await plugin.create(testScope({ a: binary() }))`. */
export function testScope<Name extends string>(
  tasks: PerTask<Name, Task>,
  options: TestScopeOptions = {},
): TestScope<Name> {
  const { parameters = [] } = options;
  const { seed = 0, inputs = [6], bound, logger = silent, onCall = () => undefined } = options;
  const names = Object.keys(tasks) as Name[];
  const source = seededRandom(seed);
  const streams = new Map<string, Random>();
  const variables: Variable[] = [];
  const disposals: (() => void)[] = [];

  const random = (name: string): Random => {
    const stream = streams.get(name) ?? source(name);
    streams.set(name, stream);
    return stream;
  };

  return {
    tasks: names,
    inputs,
    parameters: parameters as readonly Parameter<Name>[],
    logger,
    variables,
    task: (name) => {
      onCall("task");
      if (!Object.hasOwn(tasks, name)) throw unknownTask("testScope", name, names);
      return tasks[name as Name];
    },
    random: (name) => {
      onCall("random");
      return random(name);
    },
    clock: () => performance.now(),
    resolve: <Value>(key: Token<Value>): Value => {
      onCall("resolve");
      if (!bound?.has(key)) throw unbound(key.description);
      return bound.get(key) as Value;
    },
    variable: (initial: () => Tensor, trainable = true): Variable => {
      onCall("variable");
      const variable = tf.tidy(() => tf.variable(initial(), trainable));
      variables.push(variable);
      disposals.push(() => {
        variable.dispose();
      });
      return variable;
    },
    onDispose: (dispose) => {
      onCall("onDispose");
      disposals.push(dispose);
    },
    save: async (listed) => ({
      variables: await Promise.all(listed.map(async (v) => Float32Array.from(await v.data()))),
      streams: Object.fromEntries([...streams].map(([name, stream]) => [name, stream.state()])),
    }),
    load: (state, listed) => {
      state.variables.forEach((values, i) => {
        tf.tidy(() => {
          listed[i].assign(tf.tensor(values, listed[i].shape));
        });
      });
      for (const [name, place] of Object.entries(state.streams)) random(name).restore(place);
    },
    dispose: () => {
      for (const dispose of disposals.splice(0).reverse()) dispose();
    },
  };
}

const unbound = (description = "without a name"): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_UNBOUND",
    who: "testScope",
    required: `a value must be bound to the token "${description}"`,
    found: "none is",
    remedy: "Pass it in `bound`.",
  });

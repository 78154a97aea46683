import "reflect-metadata"; // tsyringe throws on import without it
import { container as root, type DependencyContainer } from "tsyringe";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Variable } from "@tensorflow/tfjs";
import { brokenPart, unboundToken, unknownTask } from "./errors.ts";
import type { OptimizerPlugin } from "./optimizer.ts";
import { type Random, type RandomSource, seededRandom } from "./random.ts";
import type { PerTask, Task } from "./tasks.ts";

/** A host application's own container. */
export type Container = DependencyContainer;

declare const carried: unique symbol;

/** A typed key of the container: `container.register(token, { useValue })`, `scope.resolve(token)`. */
export type Token<Value> = symbol & { readonly [carried]?: Value };

/** Makes a token of one's own; the description appears in errors. */
export const token = <Value>(description: string): Token<Value> => Symbol(description);

/** Milliseconds, from any fixed moment. */
export type Clock = () => number;

export interface Logger {
  readonly debug: (message: string) => void;
  readonly info: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** Bind these in a container to replace what every trainer made with it uses. */
export const clockToken: Token<Clock> = token("clock");
export const loggerToken: Token<Logger> = token("logger");
export const randomToken: Token<RandomSource> = token("random");
/** The optimizer of trainers whose parts name none. */
export const optimizerToken: Token<OptimizerPlugin> = token("optimizer");

/** What a part is given when it is made. */
export interface Scope<Name extends string = string> {
  /** Task names, in the order of `createTrainer`. */
  readonly tasks: readonly Name[];
  /** The definition of a task. @throws POLYTASK_UNKNOWN_TASK */
  readonly task: (name: string) => Task;
  /** A random stream of this part's own, saved with the trainer. */
  readonly random: (name: string) => Random;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The value bound to a token. @throws POLYTASK_UNBOUND */
  readonly resolve: <Value>(token: Token<Value>) => Value;
  /** A trained variable with a starting value; disposed with the trainer, also when wiring fails half-way. */
  readonly variable: (initial: () => Tensor, trainable?: boolean) => Variable;
  /** Runs when the trainer is disposed, newest first. */
  readonly onDispose: (dispose: () => void) => void;
}

/** One trainer's container: makes a scope per part, owns streams and disposal. */
export interface RootScope<Name extends string> {
  readonly for: (part: string) => Scope<Name>;
  readonly resolve: <Value>(token: Token<Value>, otherwise: Value) => Value;
  /** Streams that have been asked for, by part and name. */
  readonly streams: ReadonlyMap<string, Random>;
  readonly random: (name: string) => Random;
  readonly dispose: () => void;
}

const console_: Logger = {
  debug: () => undefined,
  info: (message) => {
    console.info(message);
  },
  warn: (message) => {
    console.warn(message);
  },
};

/** Opens a child of the host's container (or of the global one) for one trainer. */
export function openScope<Name extends string>(
  tasks: PerTask<Name, Task>,
  options: { readonly container?: Container; readonly seed: number },
): RootScope<Name> {
  const container = (options.container ?? root).createChildContainer();
  const names = Object.keys(tasks) as Name[];
  const streams = new Map<string, Random>();
  const disposals: (() => void)[] = [];

  const resolve = <Value>(key: Token<Value>, otherwise: Value): Value =>
    container.isRegistered(key, true) ? container.resolve<Value>(key) : otherwise;

  const source = resolve(randomToken, seededRandom(options.seed));
  const random = (name: string): Random => {
    const known = streams.get(name);
    if (known) return known;
    const made = source(name);
    streams.set(name, made);
    return made;
  };

  const shared = {
    tasks: names,
    clock: resolve(clockToken, () => performance.now()),
    logger: resolve(loggerToken, console_),
    onDispose: (dispose: () => void): void => {
      disposals.push(dispose);
    },
    variable: (initial: () => Tensor, trainable = true): Variable => {
      const variable = tf.tidy(() => tf.variable(initial(), trainable));
      disposals.push(() => {
        variable.dispose();
      });
      return variable;
    },
  };

  return {
    streams,
    random,
    resolve,
    for: (part) => ({
      ...shared,
      task: (name) => {
        if (!Object.hasOwn(tasks, name)) throw unknownTask(part, name, names);
        return tasks[name as Name];
      },
      random: (name) => random(`${part}/${name}`),
      resolve: <Value>(key: Token<Value>): Value => {
        if (!container.isRegistered(key, true)) {
          throw unboundToken(part, key.description ?? "without a name");
        }
        return container.resolve<Value>(key);
      },
    }),
    dispose: () => {
      const failures: unknown[] = [];
      for (const dispose of disposals.splice(0).reverse()) {
        try {
          dispose();
        } catch (error) {
          failures.push(error);
        }
      }
      container.clearInstances();
      if (failures.length > 0) {
        throw brokenPart("dispose", "no disposal may throw", failures.map(String).join("; "));
      }
    },
  };
}

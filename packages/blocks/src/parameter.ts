import type { Parameter, Scope } from "@polytask/core";
import type { BlockOptions } from "./block.ts";
import type { Initializer } from "./initializers.ts";

/** One variable to be made. */
export interface ParameterOptions {
  /** Last part of its name, and of its role: "kernel". */
  readonly leaf: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  readonly layout?: "dense" | "rows";
}

/**
 * Makes one trained variable of a block, called `${block.name}/${leaf}`.
 *
 * Its starting values come from the stream "init/<name>", so they depend on the seed and the name alone: adding a layer
 * elsewhere changes no other layer's start.
 */
export function parameter<Name extends string>(
  scope: Scope<Name>,
  block: BlockOptions<Name>,
  { leaf, shape, initializer, layout }: ParameterOptions,
): Parameter<Name> {
  const name = `${block.name}/${leaf}`;
  const random = scope.random(`init/${name}`);
  return {
    name,
    variable: scope.variable(() => initializer(shape, random)),
    tasks: block.tasks,
    ...(block.role === undefined ? {} : { role: `${block.role}/${leaf}` }),
    ...(layout === undefined ? {} : { layout }),
  };
}

import type { PerTask } from "@polytask/core";

/** A value for every one of the given tasks. */
export const perTask = <Name extends string, Value>(
  tasks: readonly Name[],
  value: (task: Name) => Value,
): PerTask<Name, Value> =>
  Object.fromEntries(tasks.map((task) => [task, value(task)])) as PerTask<Name, Value>;

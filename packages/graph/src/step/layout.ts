import type { Network, OwnedParameter } from "@polytask/core";
import type { NamedVariable } from "@polytask/core";
import type { Variable } from "@tensorflow/tfjs";
import { sizeOf } from "../node.ts";

/** Where a variable lies in a flat memory: elements `at` … `at + size − 1`. */
export interface Placed<Of> {
  readonly of: Of;
  readonly variable: Variable;
  readonly at: number;
  readonly size: number;
}

/**
 * Rows of one parameter's gradient, one per task, [rows, size] from element `at` of a memory of rows; or their inner
 * products, [rows, rows].
 */
export interface JacobianBlock<Name extends string = string> extends Placed<OwnedParameter<Name>> {
  /** Which task every row belongs to: indices, ascending. Tasks that do not depend on the parameter have no row. */
  readonly rows: readonly number[];
  /** The parameter's place among the network's. */
  readonly index: number;
  /** Where the parameter itself lies. */
  readonly parameterAt: number;
}

/** What is kept of J: its rows, or only their inner products, block by block. */
export type Kept = "rows" | "gramians";

/** The flat memories of one trainer. */
export interface Layout<Name extends string = string> {
  readonly kept: Kept;
  /** Parameters, then extras, in the network's order; their places are not in that order. */
  readonly parameters: readonly Placed<OwnedParameter<Name>>[];
  readonly parameterSize: number;
  readonly buffers: readonly Placed<NamedVariable>[];
  readonly bufferSize: number;
  /** One block per parameter of two or more tasks, in the order of their places. */
  readonly jacobian: readonly JacobianBlock<Name>[];
  readonly jacobianSize: number;
  /** Where what is kept of raw rows at the model's last shared layer go, where a part needs their norms. */
  readonly lastShared: readonly JacobianBlock<Name>[];
  readonly lastSharedSize: number;
}

/**
 * Lays out parameters: those of two or more tasks first, then own ones, then extras; within each, parameters that play
 * one role for several tasks lie next to one another. Code that loops over tasks can then be read as code on stacked
 * parameters, without a copy.
 */
export function layoutOf<Name extends string>(
  network: Network<Name>,
  kept: Kept = "rows",
): Layout<Name> {
  const { tasks } = network;
  const all = [...network.parameters, ...network.extras];
  const shared = network.parameters.filter((parameter) => parameter.tasks.length > 1);
  const own = network.parameters.filter((parameter) => parameter.tasks.length === 1);
  const order = [...alike(shared, tasks), ...alike(own, tasks), ...alike(network.extras, tasks)];
  const places = new Map<OwnedParameter<Name>, number>();
  let parameterSize = 0;
  for (const parameter of order) {
    places.set(parameter, parameterSize);
    parameterSize += parameter.variable.size;
  }
  const parameters = all.map((of) => placed(of, of.variable, places.get(of) ?? 0));

  let bufferSize = 0;
  const buffers = network.buffers.map((of) => {
    const place = placed(of, of.variable, bufferSize);
    bufferSize += of.variable.size;
    return place;
  });

  const blocks = (of: readonly OwnedParameter<Name>[], everyRow: boolean): Blocks<Name> => {
    let size = 0;
    const list = of.map((parameter): JacobianBlock<Name> => {
      const rows = tasks.flatMap((task, k) =>
        everyRow || parameter.tasks.includes(task) ? [k] : [],
      );
      const at = size;
      size += rows.length * (kept === "rows" ? parameter.variable.size : rows.length);
      return {
        ...placed(parameter, parameter.variable, at),
        rows,
        index: network.parameters.indexOf(parameter),
        parameterAt: places.get(parameter) ?? 0,
      };
    });
    return { list, size };
  };
  const jacobian = blocks(
    order.filter((parameter) => shared.includes(parameter)),
    // An edit of J may write into rows that are 0 by structure.
    network.surgeries.some(({ edit }) => edit !== undefined),
  );
  const wanted = network.needs.lastSharedNorms ? network.model.lastShared : [];
  const lastShared = blocks(
    network.parameters.filter(({ variable }) => wanted.includes(variable)),
    false,
  );
  return {
    kept,
    parameters,
    parameterSize,
    buffers,
    bufferSize,
    jacobian: jacobian.list,
    jacobianSize: jacobian.size,
    lastShared: lastShared.list,
    lastSharedSize: lastShared.size,
  };
}

interface Blocks<Name extends string> {
  readonly list: readonly JacobianBlock<Name>[];
  readonly size: number;
}

const placed = <Of>(of: Of, variable: Variable, at: number): Placed<Of> => ({
  of,
  variable,
  at,
  size: sizeOf(variable.shape),
});

/** Parameters of one role and shape together, groups in the order of their first member. */
function alike<Name extends string>(
  parameters: readonly OwnedParameter<Name>[],
  tasks: readonly Name[],
): readonly OwnedParameter<Name>[] {
  const groups = new Map<string, OwnedParameter<Name>[]>();
  for (const parameter of parameters) {
    const key = `${roleOf(parameter, tasks)} ${parameter.variable.shape.join()}`;
    groups.set(key, [...(groups.get(key) ?? []), parameter]);
  }
  return [...groups.values()].flat();
}

/** The declared role, or the name without what tells its like apart: task names and numbers. */
function roleOf<Name extends string>(
  { role, name }: OwnedParameter<Name>,
  tasks: readonly Name[],
): string {
  if (role !== undefined) return role;
  return name
    .split("/")
    .map((part) => ((tasks as readonly string[]).includes(part) ? "*" : part.replace(/\d+/g, "#")))
    .join("/");
}

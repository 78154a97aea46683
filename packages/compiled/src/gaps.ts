import { type GatherWish, type Layout, sizeOf, type Target } from "@polytask/graph";
import { OUT } from "./memory.ts";
import type { Lookups } from "./tables.ts";

/** A stretch of one of the step's outputs. */
export interface Gap {
  readonly space: string;
  readonly from: number;
  readonly to: number;
}

/**
 * What a group's program does not write of what is read afterwards: gradients that are 0, and what another program may
 * have left behind. Tables gathered as rows are 0 between steps, and the gradients of shared parameters are made of J.
 */
export function gapsOf(
  layout: Layout,
  targets: readonly Target[],
  { list }: Lookups,
  { rows }: GatherWish,
  sizes: ReadonlyMap<string, number>,
): readonly Gap[] {
  const written: Gap[] = targets.map(({ node, space, at }) => ({
    space,
    from: at,
    to: at + sizeOf(node.shape),
  }));
  for (const { table } of list) written.push(gradient(layout.parameters[table]));
  if (rows) {
    for (const { parameterAt, size } of layout.jacobian) {
      written.push(gradient({ at: parameterAt, size }));
    }
  }
  return [...sizes].flatMap(([space, size]) =>
    complement(
      space,
      written.filter((piece) => piece.space === space),
      size,
    ),
  );
}

const gradient = ({ at, size }: { readonly at: number; readonly size: number }): Gap => ({
  space: OUT.gradients,
  from: at,
  to: at + size,
});

function complement(space: string, written: readonly Gap[], size: number): readonly Gap[] {
  const gaps: Gap[] = [];
  let from = 0;
  for (const piece of [...written].sort((a, b) => a.from - b.from)) {
    if (piece.from > from) gaps.push({ space, from, to: piece.from });
    from = Math.max(from, piece.to);
  }
  if (from < size) gaps.push({ space, from, to: size });
  return gaps;
}

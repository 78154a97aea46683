import type { Network } from "@polytask/core";
import { needsRows } from "@polytask/core/engine";
import { type Layout, rowsSpace, type Shape, sizeOf, slotSpace, SPACE } from "@polytask/graph";
import { OUT } from "../memory.ts";
import { hasPenalties, ONE_GROUP } from "../wishes.ts";

/** A stretch of a memory that is one tensor on the device. */
export interface Segment {
  /** The name under which programs read and write it. */
  readonly name: string;
  readonly space: string;
  readonly at: number;
  readonly size: number;
  readonly shape: Shape;
  /** The layout's parameters that lie in it, in the order of their places. */
  readonly parameters: readonly number[];
}

/** Everything of a trainer that lies on a device. */
export interface Segments {
  /** Parameters and slots, which live from step to step. */
  readonly state: readonly Segment[];
  /** Gradients, which the first program of a step writes and another reads. */
  readonly gradients: readonly Segment[];
  /** Those of shared parameters, where going backward once more makes them. */
  readonly again: readonly Segment[];
  /** All rows of J, block by block. */
  readonly rows: readonly Segment[];
}

/** Up to so many numbers a parameter shares a tensor with its neighbours: calls cost by the tensor. */
const SMALL = 16_384;

export function segmentsOf<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { slots, lean }: { readonly slots: readonly string[]; readonly lean: boolean },
): Segments {
  const rows = needsRows(network, ONE_GROUP);
  const stretches = stretchesOf(network, layout);
  const among = (space: string, kinds: readonly Kind[]): readonly Segment[] =>
    stretches
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ parameters }) => segment(layout, space, parameters));
  return {
    state: [SPACE.parameters, ...slots.map(slotSpace)].flatMap((space) => among(space, KINDS)),
    gradients: [
      // With rows, the gradients of shared parameters are made later; those of extras are the host's.
      ...among(OUT.gradients, rows ? ["own"] : ["shared", "own"]),
      ...among(OUT.rest, rows && hasPenalties(network) ? KINDS : []),
    ],
    again: rows && lean ? among(OUT.gradients, ["shared"]) : [],
    rows:
      rows && !lean
        ? layout.jacobian.map(({ rows: { length }, variable, size }, block) => {
            const space = rowsSpace(block);
            const shape = [length, ...variable.shape];
            return { name: space, space, at: 0, size: length * size, shape, parameters: [] };
          })
        : [],
  };
}

/** Whose gradients come in one way. */
type Kind = "shared" | "own" | "extra";
const KINDS: readonly Kind[] = ["shared", "own", "extra"];

interface Stretch {
  readonly kind: Kind;
  readonly parameters: number[];
}

/**
 * Neighbours of one kind that are alike, since code that loops over tasks reads them as one; or small. A table, whose
 * rows may stay, is by itself.
 */
function stretchesOf<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
): readonly Stretch[] {
  const { parameters } = layout;
  const kindOf = (i: number): Kind => {
    if (i >= network.parameters.length) return "extra";
    return parameters[i].of.tasks.length > 1 ? "shared" : "own";
  };
  const together = (a: number, b: number): boolean =>
    [a, b].every((i) => parameters[i].of.info.layout !== "rows") &&
    (parameters[a].variable.shape.join() === parameters[b].variable.shape.join() ||
      [a, b].every((i) => parameters[i].size <= SMALL));
  const found: Stretch[] = [];
  const order = parameters.map((_, i) => i).sort((a, b) => parameters[a].at - parameters[b].at);
  for (const i of order) {
    const last = found.at(-1);
    const kind = kindOf(i);
    if (last?.kind === kind && together(last.parameters[last.parameters.length - 1], i)) {
      last.parameters.push(i);
    } else found.push({ kind, parameters: [i] });
  }
  return found;
}

function segment(layout: Layout, space: string, parameters: readonly number[]): Segment {
  const members = parameters.map((i) => layout.parameters[i]);
  const [{ at, variable }] = members;
  const size = members.reduce((sum, member) => sum + member.size, 0);
  const shape = members.length === 1 ? variable.shape : [size];
  return { name: `${space}@${at}`, space, at, size: sizeOf(shape), shape, parameters };
}

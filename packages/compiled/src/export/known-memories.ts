import type { TrainerState } from "@polytask/core";
import { type Layout, type PassInputs, SPACE } from "@polytask/graph";

/** Numbers that become part of the model. */
export interface KnownMemory {
  readonly values: Float32Array;
  /** Names of pieces, by their place and size. */
  readonly names: ReadonlyMap<string, string>;
}

export const pieceKey = (at: number, size: number): string => `${at}+${size}`;

/** Parameters and buffers of the state, and what the host would compute at its step. */
export function knownMemories<Name extends string>(
  layout: Layout<Name>,
  { hosts }: PassInputs,
  { variables, step, epoch }: TrainerState,
): ReadonlyMap<string, KnownMemory> {
  const placed = (
    size: number,
    pieces: readonly { readonly name: string; readonly at: number; readonly size: number }[],
  ): KnownMemory => {
    const values = new Float32Array(size);
    for (const { name, at } of pieces) values.set(variables[name].values, at);
    return {
      values,
      names: new Map(pieces.map((piece) => [pieceKey(piece.at, piece.size), piece.name])),
    };
  };
  const parameters = layout.parameters.map(({ of, at, size }) => ({
    name: of.info.name,
    at,
    size,
  }));
  const buffers = layout.buffers.map(({ of, at, size }) => ({ name: of.name, at, size }));
  return new Map([
    [SPACE.parameters, placed(layout.parameterSize, parameters)],
    [SPACE.buffers, placed(layout.bufferSize, buffers)],
    ...hosts.map(({ space, read }): [string, KnownMemory] => [
      space,
      { values: Float32Array.from(read({ step, epoch })), names: new Map() },
    ]),
  ]);
}

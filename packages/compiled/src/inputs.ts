import type { Random, StepPlace } from "@polytask/core";
import { drawNoise } from "@polytask/core/engine";
import { type PassInputs, sizeOf } from "@polytask/graph";
import type { Values } from "./memory.ts";

/** Memories for what a step's pass was asked for. */
export const passSpaces = ({ noise, hosts }: PassInputs): Map<string, Values> =>
  new Map([...noise, ...hosts].map(({ space, shape }) => [space, new Float32Array(sizeOf(shape))]));

/** Draws the noise in the order in which it was asked for, and reads the host's values. */
export function fillPass(
  { noise, hosts }: PassInputs,
  spaces: ReadonlyMap<string, Values>,
  { random, place }: { readonly random: Random; readonly place: StepPlace },
): void {
  for (const { space, shape, law } of noise) {
    (spaces.get(space) as Float32Array).set(drawNoise(random, sizeOf(shape), law));
  }
  for (const { space, read } of hosts) (spaces.get(space) as Float32Array).set(read(place));
}

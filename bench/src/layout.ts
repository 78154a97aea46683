import type { SavedTensor, TrainerState } from "@polytask/core";
import { type Case, WIDTH } from "./cases.ts";
import type { StartState } from "./state.ts";

/** Where a tensor of the state lies in our trainer: in one variable, or stacked from those of all tasks. */
export interface Place {
  readonly variables: readonly string[];
  /** Our first expert kernel is [expert, unit, input], the state's [expert, input, unit]. */
  readonly inputLast?: true;
}

export const taskNames = ({ tasks }: Pick<Case, "tasks">): string[] =>
  Array.from({ length: tasks }, (_, k) => `task${k}`);

/** The place of every trained tensor of the state. */
export function placesOf(c: Case): Readonly<Record<string, Place>> {
  const isMmoe = c.model.startsWith("mmoe");
  const shared = isMmoe ? "experts" : "bottom";
  const one = (leaf: string): Place => ({ variables: [`architecture/${shared}/${leaf}`] });
  const perTask = (name: (task: string) => string): Place => ({
    variables: taskNames(c).map((task) => `architecture/${name(task)}`),
  });
  return {
    W1: { ...one("0/kernel"), ...(isMmoe && { inputLast: true }) },
    b1: one("0/bias"),
    W2: one("1/kernel"),
    b2: one("1/bias"),
    ...(isMmoe && {
      Wg: perTask((task) => `gate/${task}/kernel`),
      bg: perTask((task) => `gate/${task}/bias`),
    }),
    V1: perTask((task) => `tower/${task}/0/kernel`),
    c1: perTask((task) => `tower/${task}/0/bias`),
    V2: perTask((task) => `head/${task}/kernel`),
    c2: perTask((task) => `head/${task}/bias`),
  };
}

/** A trainer's state with the values of `start`. */
export function withStart(saved: TrainerState, start: StartState, c: Case): TrainerState {
  const variables: Record<string, SavedTensor> = { ...saved.variables };
  for (const [name, { variables: names, inputLast }] of Object.entries(placesOf(c))) {
    const { shape, values } = start[name];
    const ours = inputLast ? swapLastAxes(values, [shape[1], shape[2]]) : values;
    const size = ours.length / names.length;
    names.forEach((variable, i) => {
      variables[variable] = {
        shape: saved.variables[variable].shape,
        values: ours.slice(i * size, (i + 1) * size),
      };
    });
  }
  return { ...saved, variables };
}

/** Values that our variables have, as the state's tensors. */
export function asStateTensors(
  valuesOf: (variable: string) => Float32Array,
  c: Case,
): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(placesOf(c)).map(([name, { variables, inputLast }]) => {
      const values = Float32Array.from(variables.flatMap((variable) => [...valuesOf(variable)]));
      return [name, inputLast ? swapLastAxes(values, [c.hidden[0], WIDTH]) : values];
    }),
  );
}

/**
 * Joins values whose names differ in the task alone, as the state stacks them. A head's bias is one number, the sum of
 * what nearly cancels: its own size says nothing of how exactly it can be known.
 */
export function stackTasks(
  named: readonly (readonly [name: string, values: Float32Array])[],
): Record<string, Float32Array> {
  const joined: Record<string, Float32Array> = {};
  for (const [name, values] of named) {
    const common = name.replaceAll(/task\d+/g, "*");
    const before = joined[common] ?? new Float32Array(0);
    const both = new Float32Array(before.length + values.length);
    both.set(before);
    both.set(values, before.length);
    joined[common] = both;
  }
  return joined;
}

/** […, a, b] row major to […, b, a]. */
export function swapLastAxes(
  values: Float32Array,
  [a, b]: readonly [number, number],
): Float32Array {
  return values.map((_, to) => {
    const place = to % (a * b);
    return values[to - place + (place % a) * b + Math.floor(place / a)];
  });
}

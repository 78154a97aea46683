import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A named stream of random numbers whose place can be saved. */
export interface Random {
  /** A number in [0, 1). */
  readonly uniform: () => number;
  /** A draw from N(0, 1). */
  readonly normal: () => number;
  /** A whole number in [0, below). */
  readonly integer: (below: number) => number;
  /** The numbers 0 … n−1 in random order. */
  readonly permutation: (n: number) => Uint32Array;
  readonly state: () => readonly number[];
  readonly restore: (state: readonly number[]) => void;
}

/** Gives every name a stream of its own. */
export type RandomSource = (name: string) => Random;

/** Streams that depend on the seed and their name alone, whatever order they are asked for in. */
export const seededRandom =
  (seed: number): RandomSource =>
  (name) =>
    // All four words are hashed: the library's own seeding leaves two of them the same for every seed, and the first
    // draws of different streams alike.
    fromState([0, 1, 2, 3].map((word) => hash(`${word}/${seed}/${name}`)));

function fromState(start: readonly number[]): Random {
  let generator = xoroshiro128plusFromState([...start]);
  const uniform = (): number => uniformFloat64(generator);
  const integer = (below: number): number => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    // Box–Muller, one of the pair: a spare value kept for later would be state that a checkpoint must carry.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation: (n) => {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = integer(i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
    state: () => [...generator.getState()],
    restore: (state) => {
      generator = xoroshiro128plusFromState([...state]);
    },
  };
}

/** FNV-1a, 32 bits, with MurmurHash3's finalizer to spread short texts over all bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

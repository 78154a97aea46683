import { tensorOf } from "../session/tensors.ts";
import type { Tensors } from "../session/session.ts";
import { byteLengthOf, type Place, viewOf } from "./protocol.ts";

/** A memory of the trainer's thread, as sessions of this one use it. */
export interface SharedMemory {
  readonly tensorAt: (place: Place) => Tensors[string];
  /** Copies a stretch of bytes to where sessions read it. */
  readonly pull: (from: number, to: number) => void;
  /** Copies a stretch of bytes back from where sessions wrote it. */
  readonly push: (from: number, to: number) => void;
}

/**
 * Wraps a memory for sessions: as it is where the runtime takes it (`direct`), and through a copy of the same size
 * elsewhere. Pages of the copy that nothing touches take no memory.
 */
function createSharedMemory(shared: SharedArrayBuffer, direct: boolean): SharedMemory {
  const own = direct ? shared : new ArrayBuffer(shared.byteLength);
  const tensorAt = (place: Place) =>
    tensorOf(viewOf(own, place.at, place), place.shape, place.dtype);
  if (direct) return { tensorAt, pull: () => {}, push: () => {} };
  const theirs = new Uint8Array(shared);
  const ours = new Uint8Array(own);
  return {
    tensorAt,
    pull: (from, to) => {
      ours.set(theirs.subarray(from, to), from);
    },
    push: (from, to) => {
      theirs.set(ours.subarray(from, to), from);
    },
  };
}

/** Memories by their numbers, each kept as long as a call uses it. */
export interface SharedMemories {
  readonly take: (id: number, buffer: SharedArrayBuffer) => SharedMemory;
  readonly leave: (id: number) => void;
}

export function createSharedMemories(direct: boolean): SharedMemories {
  const kept = new Map<number, { readonly memory: SharedMemory; users: number }>();
  return {
    take: (id, buffer) => {
      const entry = kept.get(id) ?? { memory: createSharedMemory(buffer, direct), users: 0 };
      entry.users++;
      kept.set(id, entry);
      return entry.memory;
    },
    leave: (id) => {
      const entry = kept.get(id);
      if (entry && --entry.users === 0) kept.delete(id);
    },
  };
}

/** A stretch of bytes of one memory. */
export interface Stretch {
  readonly memory: number;
  readonly from: number;
  readonly to: number;
}

/** What places cover, in as few stretches as can be: copies have a price of their own. */
export function stretchesOf(places: readonly Place[]): readonly Stretch[] {
  const pieces = places
    .map((place) => {
      const { memory, at } = place;
      return { memory, from: at, to: at + byteLengthOf(place) };
    })
    .sort((a, b) => a.memory - b.memory || a.from - b.from);
  const joined: Stretch[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.memory === piece.memory && piece.from <= last.to) {
      joined[joined.length - 1] = { ...last, to: Math.max(last.to, piece.to) };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}

import type { Network } from "@polytask/core";
import { needsRows } from "@polytask/core/engine";
import type { Layout } from "@polytask/graph";
import { compile, type Compilable, type CompileReport } from "./compiler.ts";
import {
  bothWishes,
  createMemory,
  type Memory,
  type MemoryOptions,
  type MemoryWish,
  serves,
} from "./memory.ts";
import type { Loader, Program, Wiring } from "./runtime.ts";
import { ONE_GROUP } from "./wishes.ts";

/** Something made of programs. */
interface Piece {
  readonly dispose: () => Promise<void>;
}

/** One trainer's memory and what was compiled for it, each piece when it was first needed. */
export interface Compiled {
  readonly memory: Memory;
  /** The piece of that name, made now if there is none. */
  readonly once: <Made extends Piece>(name: string, make: () => Promise<Made>) => Promise<Made>;
  readonly get: <Made extends Piece>(name: string) => Made | undefined;
  readonly compile: (compilable: Compilable, wiring: Wiring) => Promise<Program>;
  /** Sees that the memory serves a wish. A new memory holds what the old one held, and everything is compiled anew. */
  readonly prepare: (wish: MemoryWish) => Promise<void>;
  readonly release: () => Promise<void>;
}

/** What one trainer's programs are made with. */
interface CompiledContext {
  readonly loader: Loader;
  readonly report: (report: CompileReport) => void;
}

/** How many pieces are kept; the one unused for longest goes first. */
const KEPT = 48;

export function createCompiled<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  options: MemoryOptions,
  { loader, report }: CompiledContext,
): Compiled {
  const { optimizer } = network;
  const slots = "update" in optimizer ? optimizer.slots : [];
  const pieces = new Map<string, Piece>();
  const rows = needsRows(network, ONE_GROUP);
  const wish = { rows, staging: false, lookups: { ids: 0, updates: 0 } };
  let memory = createMemory(network, layout, wish, slots, options);

  /** What was used last is last in the map. */
  const use = (name: string): Piece | undefined => {
    const piece = pieces.get(name);
    if (piece) {
      pieces.delete(name);
      pieces.set(name, piece);
    }
    return piece;
  };
  const release = async (): Promise<void> => {
    const all = [...pieces.values()];
    pieces.clear();
    for (const piece of all) await piece.dispose();
  };

  return {
    get memory() {
      return memory;
    },
    once: async <Made extends Piece>(name: string, make: () => Promise<Made>) => {
      const known = use(name);
      if (known) return known as Made;
      const piece = await make();
      pieces.set(name, piece);
      for (const [oldest, { dispose }] of pieces) {
        if (pieces.size <= KEPT) break;
        pieces.delete(oldest);
        await dispose();
      }
      return piece;
    },
    get: <Made extends Piece>(name: string) => use(name) as Made | undefined,
    compile: (compilable, wiring) => compile(compilable, wiring, loader, report),
    prepare: async (wanted) => {
      if (serves(memory.wish, wanted)) return;
      await release();
      const before = memory;
      memory = createMemory(network, layout, bothWishes(before.wish, wanted), slots, options);
      memory.parameters.set(before.parameters);
      memory.buffers.set(before.buffers);
      before.slots.forEach((slot, i) => {
        memory.slots[i].set(slot);
      });
    },
    release,
  };
}

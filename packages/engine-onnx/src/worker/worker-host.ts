import type { Values } from "@polytask/compiled";
import type { Bound, Host, Slot } from "../session/host.ts";
import type { SessionOptions } from "../session/session.ts";
import { byteLengthOf, type Place, viewOf } from "./protocol.ts";
import { startThread } from "./thread.ts";

/** Two arrays of which a run copies one into the other. */
type Pair = readonly [from: Values, to: Values];

/**
 * Runs models in a thread of their own, so that this one's event loop goes on meanwhile.
 *
 * @throws POLYTASK_ONNX_RUNTIME, POLYTASK_ONNX_PROVIDER. What it gives throws POLYTASK_ONNX_WORKER where the thread has
 * ended.
 */
export async function workerHost(options: SessionOptions): Promise<Host> {
  const thread = await startThread(options);
  const memories = createNumbering();
  let made = 0;
  return {
    provider: options.provider,
    load: async (bytes, load) => {
      const model = made++;
      await thread.ask({ kind: "load", model, bytes, ...load });
      return {
        bind: (slots, bound) => {
          const call = made++;
          const used = new Map<number, SharedArrayBuffer>();
          /** Where a slot lies for the other thread, and what of it this thread sees. */
          const share = (slot: Slot, values: Values): readonly [Place, Values] => {
            const [memory, buffer] = memories(values.buffer);
            used.set(memory, buffer);
            const { name, shape, dtype } = slot;
            const at = values.byteOffset;
            return [{ name, shape, dtype, memory, at }, viewOf(buffer, at, slot)];
          };
          const open = new Map<string, Values>();
          const before: Pair[] = [];
          const after: Pair[] = [];
          const feeds = slots.map((slot) => {
            if (!isBound(slot)) open.set(slot.name, blank(slot));
            const values = isBound(slot) ? slot.values : (open.get(slot.name) as Values);
            const [place, shared] = share(slot, values);
            if (shared.buffer !== values.buffer) before.push([values, shared]);
            return place;
          });
          const fetches = bound.map((slot) => {
            const [place, shared] = share(slot, slot.values);
            if (shared.buffer !== slot.values.buffer) after.push([shared, slot.values]);
            return place;
          });
          const ready = thread.ask({
            kind: "bind",
            call,
            model,
            memories: [...used],
            feeds,
            fetches,
          });
          // The first run tells.
          ready.catch(() => undefined);
          return async (given) => {
            await ready;
            for (const [name, to] of open) to.set(given.get(name) as Values);
            for (const [from, to] of before) to.set(from);
            await thread.ask({ kind: "run", call });
            for (const [from, to] of after) to.set(from);
          };
        },
        release: async () => {
          if (thread.alive()) await thread.ask({ kind: "release", model });
        },
      };
    },
    close: thread.close,
  };
}

const isBound = (slot: Slot | Bound): slot is Bound => "values" in slot;

const blank = (slot: Slot): Values => viewOf(new SharedArrayBuffer(byteLengthOf(slot)), 0, slot);

/** A number for every memory; for one that threads do not share, also shared memory that stands for it. */
function createNumbering() {
  const known = new WeakMap<ArrayBufferLike, readonly [number, SharedArrayBuffer]>();
  let count = 0;
  return (buffer: ArrayBufferLike): readonly [number, SharedArrayBuffer] => {
    const found = known.get(buffer) ?? [
      count++,
      buffer instanceof SharedArrayBuffer ? buffer : new SharedArrayBuffer(buffer.byteLength),
    ];
    known.set(buffer, found);
    return found;
  };
}

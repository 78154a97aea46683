import type { Host } from "./host.ts";
import {
  createSession,
  openRuntime,
  type SessionOptions,
  settingsFor,
  type Tensors,
} from "./session.ts";
import { tensorOf } from "./tensors.ts";

/**
 * Runs models in this thread, on arrays where they lie.
 *
 * @throws POLYTASK_ONNX_RUNTIME, POLYTASK_ONNX_PROVIDER
 */
export async function localHost(options: SessionOptions): Promise<Host> {
  await openRuntime(options);
  return {
    provider: options.provider,
    load: async (bytes, load) => {
      const session = await createSession(bytes, settingsFor(load, options));
      return {
        bind: (slots, bound) => {
          const feeds: Tensors = {};
          for (const slot of slots) {
            if ("values" in slot) feeds[slot.name] = tensorOf(slot.values, slot.shape, slot.dtype);
          }
          const open = slots.filter((slot) => !("values" in slot));
          const fetches = Object.fromEntries(
            bound.map(({ name, values, shape, dtype }) => [name, tensorOf(values, shape, dtype)]),
          );
          return async (given) => {
            for (const { name, shape, dtype } of open) {
              feeds[name] = tensorOf(given.get(name) as Float32Array, shape, dtype);
            }
            await session.run(feeds, fetches);
          };
        },
        release: () => session.release(),
      };
    },
    close: async () => {},
  };
}

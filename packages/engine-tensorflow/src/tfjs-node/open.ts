import type { Context } from "../library/context.ts";
import { noGpu } from "../library/errors.ts";
import { findBinding } from "./binding.ts";
import { createContext } from "./context.ts";

/**
 * Runs functions in the TensorFlow that tfjs-node has loaded.
 *
 * @throws POLYTASK_TENSORFLOW_LIBRARY, POLYTASK_TENSORFLOW_DEVICE
 */
export function openTfjsNode({ device }: { readonly device: "CPU" | "GPU" }): Context {
  const context = createContext(findBinding());
  const types = context.devices.map(({ type }) => type);
  if (device === "GPU" && !types.includes("GPU")) throw noGpu(types);
  return context;
}

import type { InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node";
import { missingRuntime } from "./errors.ts";

/** onnxruntime-node, as far as we use it. */
export interface Runtime {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
  readonly listSupportedBackends: typeof listSupportedBackends;
}

let loaded: Runtime | undefined;

/**
 * Loads onnxruntime-node, an optional peer, when it is first needed.
 *
 * @throws POLYTASK_ONNX_RUNTIME where it is not installed, or has no binary for this machine.
 */
export async function loadRuntime(
  load: () => Promise<Runtime> = () => import("onnxruntime-node"),
): Promise<Runtime> {
  try {
    return (loaded ??= await load());
  } catch (error) {
    throw await missingRuntime(error);
  }
}

/** The runtime, after a session has been made. */
export function loadedRuntime(): Runtime {
  if (loaded) return loaded;
  throw new Error("onnxruntime-node is asked for a tensor before a session was made");
}

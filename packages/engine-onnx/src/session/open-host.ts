import type { Host } from "./host.ts";
import { localHost } from "./local-host.ts";
import type { SessionOptions } from "./session.ts";

/**
 * Starts a worker thread for models, or takes this one.
 *
 * @throws POLYTASK_ONNX_RUNTIME, POLYTASK_ONNX_PROVIDER
 */
export async function openHost(
  options: SessionOptions,
  { worker }: { readonly worker: boolean },
): Promise<Host> {
  if (!worker) return localHost(options);
  const { workerHost } = await import("../worker/worker-host.ts");
  return workerHost(options);
}

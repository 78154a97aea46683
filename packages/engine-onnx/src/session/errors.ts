import type { PolytaskError } from "@polytask/core";

/** Loaded where something went wrong: core brings tfjs along, which a worker thread has no other use for. */
const core = () => import("@polytask/core");

/** onnxruntime-node cannot be loaded. */
export async function missingRuntime(cause: unknown): Promise<PolytaskError> {
  const message = messageOf(cause);
  // With the package there, what is missing is its binary: none is built for this system.
  const { PolytaskError } = await core();
  const unbuilt = /onnxruntime_binding|\.node\b|\.(so|dylib|dll)\b/.test(message);
  return new PolytaskError(
    {
      code: "POLYTASK_ONNX_RUNTIME",
      who: "engine-onnx",
      required: "compiled steps run in ONNX Runtime, the package onnxruntime-node",
      found: unbuilt
        ? `it has no binary that loads on ${process.platform} ${process.arch}`
        : "it is not installed",
      remedy: unbuilt
        ? "Train with the eager engine here; the cause of this error says what did not load."
        : "ONNXRUNTIME_NODE_INSTALL=skip npm i onnxruntime-node",
    },
    { cause },
  );
}

/** An execution provider that this machine does not have. */
export async function missingProvider(
  provider: string,
  found: string,
  remedy: string,
  cause?: unknown,
): Promise<PolytaskError> {
  const { PolytaskError } = await core();
  return new PolytaskError(
    {
      code: "POLYTASK_ONNX_PROVIDER",
      who: `engine-onnx, provider "${provider}"`,
      required: "the provider must be part of the installed onnxruntime-node, and find its device",
      found,
      remedy,
    },
    { cause },
  );
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

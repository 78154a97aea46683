import { messageOf, missingProvider } from "./errors.ts";
import { probeModel } from "./probe.ts";
import type { Runtime } from "./runtime.ts";

/** Where the nodes of a session run; what a provider has no kernel for runs on the CPU. */
export type Provider = "cpu" | "webgpu" | "cuda";

export const PROVIDERS: readonly Provider[] = ["cpu", "webgpu", "cuda"];

const REMEDY: Readonly<Record<Provider, string>> = {
  cpu: "Install onnxruntime-node anew.",
  webgpu:
    "Install the GPU's Vulkan driver (in a container: with its graphics capability), or choose cpu.",
  cuda: "Let onnxruntime-node's install script fetch its CUDA libraries (npm rebuild onnxruntime-node), beside CUDA and cuDNN, or choose cpu.",
};

/** How many outputs a node may have: WebGPU promises 8 buffers to a shader, one of which is its input. */
const OUTPUTS: Readonly<Partial<Record<Provider, number>>> = { webgpu: 7 };

/** The same for models that are run by a provider; ∞ where there is no such limit. */
export const outputsOf = (provider: Provider = "cpu"): number => OUTPUTS[provider] ?? Infinity;

const found = new Set<Provider>();

/**
 * Tries a provider on a model of one node, once a process: without a device the creation of a session throws, and says
 * it in the words of the provider's inside.
 *
 * @throws POLYTASK_ONNX_PROVIDER
 */
export async function checkProvider(runtime: Runtime, provider: Provider): Promise<void> {
  if (provider === "cpu" || found.has(provider)) return;
  const there = runtime.listSupportedBackends().map(({ name }) => name);
  if (!there.includes(provider)) {
    throw await missingProvider(
      provider,
      `this build of onnxruntime-node knows ${there.join(", ")}`,
      REMEDY[provider],
    );
  }
  try {
    const session = await runtime.InferenceSession.create(probeModel(), {
      executionProviders: [provider],
      // What goes wrong is told by the error below.
      logSeverityLevel: 4,
    });
    await session.run({ x: new runtime.Tensor("float32", Float32Array.of(1), [1]) }, ["y"]);
    await session.release();
  } catch (error) {
    throw await missingProvider(provider, reason(error), REMEDY[provider], error);
  }
  found.add(provider);
}

/** What is left of the runtime's message without source file, line and function. */
function reason(error: unknown): string {
  const message = messageOf(error).trim();
  const said = /was false\.\s*(.*)$/s.exec(message)?.[1] ?? message;
  return `it does not start: ${said.replace(/\s+/g, " ").replace(/[.\s]+$/, "")}`;
}

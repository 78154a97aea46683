import type { CompiledSettings, CompileReport } from "@polytask/compiled";
import { badOption } from "@polytask/core";
import { type Provider, PROVIDERS, type SessionOptions } from "./session/index.ts";

/** Options of the compiled engine. */
export interface OnnxOptions {
  /** Threads that ONNX Runtime computes with. Default: one per processor, at most 8. */
  readonly threads?: number;
  /**
   * What computes; what a provider has no kernel for runs on the CPU. On webgpu parameters stay on the device. Default
   * "cpu".
   */
  readonly provider?: Provider;
  /**
   * Whether graphs run in a thread of their own, so that the caller's event loop goes on while they do. The same results
   * to the bit. Default false.
   */
  readonly worker?: boolean;
  /** "eager": where a step cannot be compiled, warn once and go on with the eager engine. Default: throw. */
  readonly fallback?: "eager" | "none";
  /** Called once for every graph that is compiled. */
  readonly onCompile?: (report: CompileReport) => void;
  /**
   * What a step keeps of all tasks' gradients where it needs them one by one. "stored": the gradients, [T, P] numbers.
   * "lean": their inner products, [T, T], summed up piece by piece; one more forward and backward pass then makes the
   * combined gradient. Default "stored".
   */
  readonly memory?: "stored" | "lean";
  /** Whether kernels run in WebAssembly SIMD; false for their plain JavaScript twins. Default true. */
  readonly simd?: boolean;
}

/** Options, checked and completed. */
export interface OnnxSettings extends CompiledSettings {
  readonly session: SessionOptions;
  /**
   * Whether parameters stay on the provider's device, as far as a network allows. The runtime hands tensors on a device out
   * for webgpu alone; on the CPU, whose device is this memory, it is for tests.
   */
  readonly device: boolean;
}

/** @throws POLYTASK_OPTION */
export function readOptions(options: OnnxOptions): OnnxSettings {
  const { threads, provider = "cpu", worker = false, fallback = "none" } = options;
  const { memory = "stored", simd = true } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw badOption("onnx", "threads", "a whole number of at least 1", threads);
  }
  if (!PROVIDERS.includes(provider)) {
    const names = PROVIDERS.map((name) => `"${name}"`).join(", ");
    throw badOption("onnx", "provider", `one of ${names}`, provider);
  }
  if (typeof worker !== "boolean") throw badOption("onnx", "worker", "true or false", worker);
  if (!["eager", "none"].includes(fallback)) {
    throw badOption("onnx", "fallback", '"eager" or "none"', fallback);
  }
  if (!["stored", "lean"].includes(memory)) {
    throw badOption("onnx", "memory", '"stored" or "lean"', memory);
  }
  const lean = memory === "lean";
  const session = { provider, ...(threads !== undefined && { threads }) };
  // A tensor on a device belongs to the thread that made it.
  const device = provider === "webgpu" && !worker;
  return { session, simd, worker, lean, device };
}

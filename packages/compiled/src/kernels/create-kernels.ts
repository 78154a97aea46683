import { badOption } from "@polytask/core";
import type { Arena } from "./arena.ts";
import { checked } from "./checked.ts";
import { linear } from "./js-linear.ts";
import { optimizers } from "./js-optimizers.ts";
import { rowKernels } from "./js-rows.ts";
import type { Kernels } from "./kernels.ts";
import { wasmKernels } from "./wasm-kernels.ts";

interface KernelOptions {
  /** WebAssembly SIMD or plain JavaScript. Default SIMD where the host and the arena have it. */
  readonly simd?: boolean;
}

/**
 * The kernels of an arena.
 *
 * @throws POLYTASK_OPTION for `simd: true` where the host cannot run it or the arena is a plain buffer.
 */
export function createKernels(arena: Arena, { simd }: KernelOptions = {}): Kernels {
  const compiled = simd !== false && arena.memory ? wasmKernels(arena.memory) : undefined;
  if (compiled) return checked(compiled, arena.buffer);
  if (simd) throw badOption("createKernels", "simd", "false without WebAssembly SIMD", simd);
  return createJsKernels(arena);
}

/** The same in plain JavaScript: the fallback, and what the compiled ones are tested against. */
export const createJsKernels = ({ buffer }: Pick<Arena, "buffer">): Kernels =>
  checked({ simd: false, ...linear, ...optimizers, ...rowKernels }, buffer);

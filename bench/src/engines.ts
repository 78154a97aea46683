import { useBackend } from "@polytask/backend";
import type { Parts } from "@polytask/core";

/** What the compiled engine said of the graphs of one trainer. */
export interface Compilation {
  readonly milliseconds: number;
  readonly diagnostics: number;
}

/** How a trainer of ours is executed. */
export interface Engine {
  readonly parts: Pick<Parts, "engine">;
  /** The sum over all graphs so far; undefined for an engine that compiles nothing. */
  readonly compilation: () => Compilation | undefined;
}

/** `polytask-onnx` is the compiled engine; `tfjs-wasm` the eager one, on tfjs's wasm backend, which has one thread in Node. */
export async function makeEngine(implementation: string, threads: number): Promise<Engine> {
  if (implementation === "tfjs-wasm") {
    await useBackend("wasm");
    return { parts: {}, compilation: () => undefined };
  }
  const { onnx } = await import("@polytask/engine-onnx");
  let compilation: Compilation = { milliseconds: 0, diagnostics: 0 };
  const engine = onnx({
    threads,
    onCompile: ({ milliseconds, diagnostics }) => {
      compilation = {
        milliseconds: compilation.milliseconds + milliseconds,
        diagnostics: compilation.diagnostics + diagnostics.length,
      };
    },
  });
  return { parts: { engine }, compilation: () => compilation };
}

import { type BackendName, useBackend } from "@polytask/backend";
import type { Parts } from "@polytask/core";

/** What the compiled engine said of the graphs of one trainer. */
export interface Compilation {
  readonly milliseconds: number;
  readonly diagnostics: number;
}

/** How a trainer of ours is executed. */
export interface Engine {
  readonly parts: Pick<Parts, "engine">;
  /** What it computes on, in the words of the backend; undefined for the compiled engine, whose runtime does not say. */
  readonly device?: string;
  /** The sum over all graphs so far; undefined for an engine that compiles nothing. */
  readonly compilation: () => Compilation | undefined;
}

/** The eager engine's backends, by what follows "tfjs-"; wasm has one thread in Node. */
const backends: Readonly<Record<string, BackendName>> = {
  wasm: "wasm",
  cpu: "cpu",
  webgpu: "webgpu",
  tensorflow: "tensorflow",
};

/** `polytask-onnx` and `polytask-webgpu` are the compiled engine on two providers; `tfjs-…` the eager one on a backend. */
export async function makeEngine(implementation: string, threads: number): Promise<Engine> {
  const [kind, where] = implementation.split("-");
  if (kind === "tfjs") {
    // TensorFlow reads both when it starts.
    process.env["TF_NUM_INTRAOP_THREADS"] ??= String(threads);
    process.env["TF_NUM_INTEROP_THREADS"] ??= "1";
    const { device } = await useBackend(backends[where]);
    return { parts: {}, device, compilation: () => undefined };
  }
  const { onnx } = await import("@polytask/engine-onnx");
  let compilation: Compilation = { milliseconds: 0, diagnostics: 0 };
  const engine = onnx({
    threads,
    provider: where === "webgpu" ? "webgpu" : "cpu",
    onCompile: ({ milliseconds, diagnostics }) => {
      compilation = {
        milliseconds: compilation.milliseconds + milliseconds,
        diagnostics: compilation.diagnostics + diagnostics.length,
      };
    },
  });
  return { parts: { engine }, compilation: () => compilation };
}

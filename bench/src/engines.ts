import { type BackendName, useBackend } from "@polytask/backend";
import type { CompileReport } from "@polytask/compiled";
import type { Parts } from "@polytask/core";

/** What the compiled engine said of the graphs of one trainer. */
export interface Compilation {
  readonly milliseconds: number;
  readonly diagnostics: number;
}

/** How a trainer of ours is executed. */
export interface Engine<Name extends string = string> {
  readonly parts: Pick<Parts<Name>, "engine">;
  /** What it computes on, in the words of the backend; undefined for ONNX Runtime, which does not say. */
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

/**
 * `polytask-onnx` and `polytask-webgpu` are steps compiled for two providers of ONNX Runtime, `polytask-tensorflow` and
 * `polytask-tensorflow-xla` for TensorFlow; `tfjs-…` is the eager engine on a backend.
 */
export async function makeEngine<Name extends string = string>(
  implementation: string,
  threads: number,
  memory: "stored" | "lean" = "stored",
): Promise<Engine<Name>> {
  const [kind, where, how] = implementation.split("-");
  if (kind === "tfjs") {
    // TensorFlow reads both when it starts.
    process.env["TF_NUM_INTRAOP_THREADS"] ??= String(threads);
    process.env["TF_NUM_INTEROP_THREADS"] ??= "1";
    const { device } = await useBackend(backends[where]);
    return { parts: {}, device, compilation: () => undefined };
  }
  let compilation: Compilation = { milliseconds: 0, diagnostics: 0 };
  const onCompile = ({ milliseconds, diagnostics }: CompileReport): void => {
    compilation = {
      milliseconds: compilation.milliseconds + milliseconds,
      diagnostics: compilation.diagnostics + diagnostics.length,
    };
  };
  if (where === "tensorflow") {
    const { tensorflow } = await import("@polytask/engine-tensorflow");
    const engine = tensorflow<Name>({ threads, xla: how === "xla", memory, onCompile });
    const device = `TensorFlow's C library${how === "xla" ? ", with XLA" : ""}, on the CPU`;
    return { parts: { engine }, device, compilation: () => compilation };
  }
  const { onnx } = await import("@polytask/engine-onnx");
  const engine = onnx<Name>({
    threads,
    provider: where === "webgpu" ? "webgpu" : "cpu",
    memory,
    onCompile,
  });
  return { parts: { engine }, compilation: () => compilation };
}

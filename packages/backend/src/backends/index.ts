import type { Backend, BackendName } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { tensorflow, tensorflowGpu } from "./tensorflow.ts";
import { wasm } from "./wasm.ts";
import { webgpu } from "./webgpu.ts";

export const backends: Readonly<Record<BackendName, Backend>> = {
  "tensorflow-gpu": tensorflowGpu,
  webgpu,
  tensorflow,
  wasm,
  cpu,
};

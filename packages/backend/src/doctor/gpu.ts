import { candidates } from "../tensorflow/loader.ts";

/** Why TensorFlow has no GPU, as far as it can be told from outside. */
export function whyNoGpu(stderr: string): string[] {
  if (process.platform !== "linux") return warnings(stderr);
  const environment = (process.env["LD_LIBRARY_PATH"] ?? "").split(":").filter(Boolean);
  const driver = candidates("libcuda.so.1", environment).at(0);
  return [
    driver === undefined
      ? "no NVIDIA driver was found: libcuda.so.1 is in no folder of the system's. A container gets it from its runtime (docker run --gpus all)"
      : `an NVIDIA driver is there (${driver}): either this TensorFlow was built without CUDA, or it did not find its CUDA libraries`,
    ...warnings(stderr),
  ];
}

/** What a backend said of devices and drivers while it looked for them. */
export function warnings(stderr: string): string[] {
  const lines = stderr.split("\n").filter((line) => /cuda|cudnn|vulkan|gpu/i.test(line));
  return (
    lines
      // the places in its own source that Dawn adds
      .filter((line) => !/^\s+(-|at) /.test(line))
      .map((line) => line.replace(/^.*?\] /, "").trim())
      .slice(0, 5)
  );
}

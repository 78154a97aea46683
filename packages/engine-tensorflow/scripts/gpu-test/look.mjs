// What TensorFlow sees, and what it lacks for a GPU.
import { existsSync, readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { findTensorflow } from "../../dist/library/find.js";
import { run } from "./ask.mjs";

/** Everything that may explain why there is no GPU. */
export async function look() {
  const library = await findTensorflow();
  // At this level it says what it found of every device, and what it could not load.
  const { stdout, stderr } = await run("devices.mjs", [], { TF_CPP_MIN_LOG_LEVEL: "0" });
  const { version = "?", devices = [], driver } = lastLine(stdout);
  return {
    version,
    devices,
    driver,
    gpus: smi(),
    pip: pipLibraries(library),
    words: stderr.split("\n").filter((line) => /cuda|gpu|nvidia|dlopen|cudnn/i.test(line)),
  };
}

/** In the order in which they are to be put right. */
export function reasons({ driver, gpus, pip, words }) {
  return [
    ...(typeof gpus === "string" ? [`nvidia-smi: ${gpus}`] : []),
    driver === "" ? "The driver's libcuda.so.1 loads." : `The driver's libcuda.so.1: ${driver}`,
    pip.length > 0
      ? `pip's CUDA libraries are there: ${pip.join(", ")}`
      : 'pip has no CUDA libraries beside this TensorFlow: pip install "tensorflow[and-cuda]"',
    ...words.map((line) => `TensorFlow: ${line}`),
  ];
}

function smi() {
  const query = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"];
  const { stdout, stderr, error } = spawnSync("nvidia-smi", query, { encoding: "utf8" });
  if (error) return `does not run: ${error.message}`;
  return stdout.trim() === "" ? stderr.trim() : stdout.trim().split("\n");
}

/** site-packages/nvidia/*, which TensorFlow looks into beside itself. */
function pipLibraries(library) {
  const folder = join(dirname(library), "nvidia");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "lib")));
}

function lastLine(text) {
  try {
    return JSON.parse(text.trimEnd().split("\n").at(-1));
  } catch {
    return {};
  }
}

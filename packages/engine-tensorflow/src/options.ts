import type { CompileReport } from "@polytask/compiled";
import { badOption } from "@polytask/core";

/** Options of the engine on TensorFlow. */
export interface TensorflowOptions {
  /**
   * What calls TensorFlow. "library": koffi, in the libraries that `library` names. "tfjs-node": the addon of a loaded
   * @tensorflow/tfjs-node or tfjs-node-gpu, in its TensorFlow, on its device, and without `library`, `threads` and `xla`.
   * Default "library".
   */
  readonly through?: "library" | "tfjs-node";
  /**
   * The folder "tensorflow" of a TensorFlow for Python, which holds its libraries. Default: what POLYTASK_TENSORFLOW names,
   * else the one that python3 has.
   */
  readonly library?: string;
  /** Where steps are computed. Default "cpu". */
  readonly device?: "cpu" | "gpu";
  /** Threads that TensorFlow computes with. Default: one per processor. */
  readonly threads?: number;
  /** Whether XLA compiles the graphs: faster steps of small batches, and a second or more for each graph before its first. Default false. */
  readonly xla?: boolean;
  /**
   * What a step keeps of all tasks' gradients where it needs them one by one. "stored": the gradients, [T, P] numbers.
   * "lean": their inner products, [T, T], summed up piece by piece; one more forward and backward pass then makes the
   * combined gradient. Default "stored".
   */
  readonly memory?: "stored" | "lean";
  /** "eager": where a step cannot be compiled, warn once and go on with the eager engine. Default: throw. */
  readonly fallback?: "eager" | "none";
  /** Called once for every graph that is compiled. */
  readonly onCompile?: (report: CompileReport) => void;
}

/** Options, checked and completed. */
export interface TensorflowSettings {
  readonly through: "library" | "tfjs-node";
  readonly library?: string;
  readonly device: "CPU" | "GPU";
  readonly threads?: number;
  readonly xla: boolean;
  readonly lean: boolean;
}

/** @throws POLYTASK_OPTION */
export function readOptions(options: TensorflowOptions): TensorflowSettings {
  const { through = "library", library, device = "cpu", threads } = options;
  const { xla = false, memory = "stored", fallback = "none" } = options;
  if (through !== "library" && through !== "tfjs-node") {
    throw badOption("tensorflow", "through", '"library" or "tfjs-node"', through);
  }
  if (through === "tfjs-node") {
    // What its sessions cannot be told.
    for (const name of ["library", "threads", "xla"] as const) {
      const given = options[name];
      if (given !== undefined && given !== false) {
        throw badOption("tensorflow", name, 'left out where through is "tfjs-node"', given);
      }
    }
  }
  if (library !== undefined && (typeof library !== "string" || library === "")) {
    throw badOption("tensorflow", "library", "the path of a folder", library);
  }
  if (device !== "cpu" && device !== "gpu") {
    throw badOption("tensorflow", "device", '"cpu" or "gpu"', device);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw badOption("tensorflow", "threads", "a whole number of at least 1", threads);
  }
  if (typeof xla !== "boolean") throw badOption("tensorflow", "xla", "true or false", xla);
  if (!["stored", "lean"].includes(memory)) {
    throw badOption("tensorflow", "memory", '"stored" or "lean"', memory);
  }
  if (!["eager", "none"].includes(fallback)) {
    throw badOption("tensorflow", "fallback", '"eager" or "none"', fallback);
  }
  return {
    through,
    device: device === "gpu" ? "GPU" : "CPU",
    xla,
    lean: memory === "lean",
    ...(library !== undefined && { library }),
    ...(threads !== undefined && { threads }),
  };
}

import type { CompileReport } from "@polytask/compiled";
import { badOption } from "@polytask/core";

/** Options of the engine on TensorFlow. */
export interface TensorflowOptions {
  /**
   * The folder "tensorflow" of a TensorFlow for Python, which holds its libraries. Default: what POLYTASK_TENSORFLOW names,
   * else the one that python3 has.
   */
  readonly library?: string;
  /** Where steps are computed. Default "cpu". */
  readonly device?: "cpu" | "gpu";
  /** Threads that TensorFlow computes with. Default: one per processor. */
  readonly threads?: number;
  /** Whether XLA compiles the graphs: faster steps, and a second or more for each graph before its first. Default false. */
  readonly xla?: boolean;
  /** "eager": where a step cannot be compiled, warn once and go on with the eager engine. Default: throw. */
  readonly fallback?: "eager" | "none";
  /** Called once for every graph that is compiled. */
  readonly onCompile?: (report: CompileReport) => void;
}

/** Options, checked and completed. */
export interface TensorflowSettings {
  readonly library?: string;
  readonly device: "CPU" | "GPU";
  readonly threads?: number;
  readonly xla: boolean;
}

/** @throws POLYTASK_OPTION */
export function readOptions(options: TensorflowOptions): TensorflowSettings {
  const { library, device = "cpu", threads, xla = false, fallback = "none" } = options;
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
  if (!["eager", "none"].includes(fallback)) {
    throw badOption("tensorflow", "fallback", '"eager" or "none"', fallback);
  }
  return {
    device: device === "gpu" ? "GPU" : "CPU",
    xla,
    ...(library !== undefined && { library }),
    ...(threads !== undefined && { threads }),
  };
}

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { Entry } from "./recording.ts";
import { BACKEND, symbolicBackend } from "./tracing/backend.ts";
import { Session } from "./tracing/session.ts";
import { holdVariables } from "./tracing/variables.ts";

/** A running trace: ordinary tfjs code, run inside it, adds nodes to the graph instead of computing. */
export interface Tracer {
  readonly graph: Graph;
  /** Makes a tensor from outside (a variable) stand for a node while the trace runs. */
  readonly bind: (tensor: Tensor, node: Node) => void;
  /** A tensor that stands for a node; it lives as long as the trace. */
  readonly tensor: (node: Node) => Tensor;
  /** What a tensor stands for. @throws POLYTASK_TRACE_FOREIGN */
  readonly nodeOf: (tensor: Tensor) => Node;
  /** Whose code is running. */
  readonly running: Running;
  /** What of it is the same at every step from now on. */
  readonly recording: readonly Entry[];
  /** Runs code of a part, which is then named in errors. */
  readonly within: <Result>(running: Running, run: () => Result) => Result;
}

/** Whose code runs, and what it does. */
export interface Running {
  /** The plugin's name. */
  readonly part: string;
  /** Its place among the trainer's parts, which is unique. */
  readonly slot: string;
  readonly doing: string;
}

/**
 * Runs tfjs code on a backend that computes nothing: every kernel adds its lowering to the graph.
 *
 * `run` must be synchronous. Nothing is left behind, also after an error: no tensor, no variable, no value changed; the
 * active tfjs backend is active again.
 *
 * @throws POLYTASK_TRACE_KERNEL for a kernel without lowering, POLYTASK_TRACE_GRADIENT for one without gradient,
 * POLYTASK_TRACE_READ for a value that is read, POLYTASK_TRACE_RANDOM for randomness and POLYTASK_TRACE_CONSTANT for
 * numbers made into a tensor behind the engine's back, POLYTASK_TRACE_FOREIGN for a tensor that was made outside,
 * POLYTASK_TRACE_ASSIGN for a variable that is made or assigned.
 */
export function trace<Result>(run: (tracer: Tracer) => Result, graph: Graph = new Graph()): Result {
  const backend = symbolicBackend();
  const engine = tf.engine();
  const before = engine.backendName;
  const outer = backend.recorder;
  const session = new Session(graph);
  const releaseVariables = holdVariables((doing) => session.refuseVariable(doing));
  backend.recorder = session;
  switchTo(BACKEND);
  try {
    let found: { readonly result: Result } | undefined;
    // Not through tfjs, which would search all of the graph for tensors to keep.
    tf.tidy(() => {
      found = { result: run(session) };
    });
    if (session.swallowed) throw session.swallowed;
    return (found as { readonly result: Result }).result;
  } catch (error) {
    throw session.explain(error);
  } finally {
    session.dispose();
    releaseVariables();
    backend.recorder = outer;
    if (before) switchTo(before);
  }
}

/** tfjs sets a backend that is already there, or that is made synchronously, before it returns. */
function switchTo(name: string): void {
  void tf.engine().setBackend(name);
}

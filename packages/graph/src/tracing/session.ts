import { CONSTANT_SCOPE } from "@polytask/core/engine";
import * as tf from "@tensorflow/tfjs";
import type { DataType, Tensor, TensorInfo } from "@tensorflow/tfjs";
import {
  changedVariable,
  foreignTensor,
  frozenConstant,
  frozenNoise,
  noGradient,
  noLowering,
  promised,
  valueRead,
} from "../errors.ts";
import type { Graph } from "../graph.ts";
import { findLowering } from "../lowering.ts";
import type { DType, Node } from "../node.ts";
import { type Entry, textOf } from "../recording.ts";
import type { Running, Tracer } from "../trace.ts";
import { UnsupportedUse } from "../unsupported.ts";
import type { Recorder } from "./backend.ts";

/** The slot of code that belongs to no part; what it makes of numbers is fixed. */
const ENGINE = "engine";

/** The scope in which tfjs runs gradients; what they make of numbers is tfjs's own. */
const BACKWARD_SCOPE = "backward";

/** What tfjs appends to the name of an op's scope. */
const OP = "__op";
const RANDOM = /^(random|rand|truncatedNormal|multinomial|dropout|Multinomial)/;

/** One trace: which tensor stands for which node, and whose code is running. */
export class Session implements Tracer, Recorder {
  readonly graph: Graph;
  running: Running = { part: "the engine", slot: ENGINE, doing: "step" };
  readonly recording: Entry[] = [];
  readonly #nodes = new WeakMap<object, Node>();
  readonly #made: Tensor[] = [];
  /** What the running part has asked of tfjs last. */
  #kernel = "";
  #swallowed: Error | undefined;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  bind(tensor: Tensor, node: Node): void {
    this.#nodes.set(tensor.dataId, node);
  }

  tensor(node: Node): Tensor {
    const dataId = {};
    this.#nodes.set(dataId, node);
    const info: TensorInfo = { dataId, shape: [...node.shape], dtype: node.dtype };
    const tensor = tf.engine().makeTensorFromTensorInfo(info);
    this.#made.push(tensor);
    return tensor;
  }

  nodeOf(tensor: TensorInfo): Node {
    const node = this.#nodes.get(tensor.dataId);
    if (node) return node;
    throw foreignTensor(this.where(), this.#kernel, tensor.shape);
  }

  within<Result>(running: Running, run: () => Result): Result {
    const [outer, kernel] = [this.running, this.#kernel];
    this.running = running;
    this.#kernel = "";
    try {
      const result = run();
      if (!(result instanceof Promise)) return result;
      // What it is rejected with is told by the error below.
      result.catch(() => {});
      throw this.#swallowed ?? promised(this.where());
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.running = outer;
      this.#kernel = kernel;
    }
  }

  run(
    kernel: string,
    inputs: Readonly<Record<string, TensorInfo | undefined>>,
    attributes: Readonly<Record<string, unknown>>,
  ): Tensor | Tensor[] {
    const lowering = findLowering(kernel);
    if (!lowering) throw noLowering(this.where(), kernel);
    // tfjs's own, at the end of some of its ops: nobody wrote it.
    if (kernel !== "Identity") this.#kernel = kernel;
    this.record(kernel, JSON.stringify(attributes));
    const nodes: Record<string, Node> = {};
    for (const [name, tensor] of Object.entries(inputs)) {
      if (tensor) nodes[name] = this.nodeOf(tensor);
    }
    const result = this.lowered(kernel, () =>
      lowering({ graph: this.graph, inputs: nodes, attributes }),
    );
    return Array.isArray(result)
      ? (result as readonly Node[]).map((node) => this.tensor(node))
      : this.tensor(result as Node);
  }

  private lowered<Result>(kernel: string, lower: () => Result): Result {
    try {
      return lower();
    } catch (error) {
      throw error instanceof UnsupportedUse
        ? noLowering(this.where(), kernel, error.message)
        : error;
    }
  }

  write(values: ArrayLike<number>, shape: readonly number[], dtype: DataType): object {
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
      throw noLowering(this.where(), `a tensor of dtype ${dtype}`);
    }
    const node = this.graph.literal(values, shape, dtype satisfies DType);
    this.checkConstant(node);
    const op = scopes().findLast((name) => name.endsWith(OP));
    this.record(op?.slice(0, -OP.length) ?? this.#kernel, textOf(values));
    const dataId = {};
    this.#nodes.set(dataId, node);
    return dataId;
  }

  refuseRead(): Error {
    this.#swallowed ??= valueRead(this.where(), this.#kernel);
    return this.#swallowed;
  }

  refuseVariable(doing: string): Error {
    return changedVariable(this.where(), doing);
  }

  /** What went wrong in a promise that nobody waits for. */
  get swallowed(): Error | undefined {
    return this.#swallowed;
  }

  /** Frees every tensor that stood for a node, kept or not. */
  dispose(): void {
    for (const tensor of this.#made) if (!tensor.isDisposed) tensor.dispose();
  }

  /** tfjs's own complaint about a kernel or its gradient, in our words. */
  explain(error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    const missing = /[Kk]ernel '(.*?)'(?: for| not)/.exec(error.message)?.[1];
    if (missing !== undefined) {
      return RANDOM.test(missing)
        ? frozenNoise(this.where(), missing)
        : noLowering(this.where(), missing);
    }
    const flat = /gradient function not found for (.*?)\./.exec(error.message)?.[1];
    return flat === undefined ? error : noGradient(this.where(), flat);
  }

  /**
   * Numbers given to an op stay: `tf.mul(x, 2)`. A tensor made from numbers by itself is refused: its numbers would be the
   * same at every step from now on. tf.zeros and tf.ones depend on shapes alone.
   */
  private checkConstant(node: Node): void {
    const names = scopes();
    const random = names.find((name) => name.endsWith(OP) && RANDOM.test(name));
    if (random !== undefined) throw frozenNoise(this.where(), random.replace(OP, ""));
    if (this.running.slot === ENGINE) return;
    const fixed = [CONSTANT_SCOPE, BACKWARD_SCOPE];
    if (names.some((name) => fixed.includes(name) || name.endsWith(OP))) return;
    if (node.op === "Constant" && [0, 1].includes(node.attributes.value)) return;
    throw frozenConstant(this.where(), this.#kernel, node.shape);
  }

  private record(op: string, numbers: string): void {
    this.recording.push({ where: this.where(), op, numbers });
  }

  private where(): string {
    return `${this.running.part}, ${this.running.doing}`;
  }
}

/** Names of the scopes that are open, the innermost last. */
const scopes = (): readonly string[] => tf.engine().state.scopeStack.map(({ name }) => name ?? "");

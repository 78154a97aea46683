import * as tf from "@tensorflow/tfjs";
import type { DataType, Tensor, TensorInfo } from "@tensorflow/tfjs";
import { frozenConstant, frozenNoise, foreignTensor, noLowering, valueRead } from "./errors.ts";
import { Graph } from "./graph.ts";
import { findLowering, kernelNames, type KernelCall } from "./lowering.ts";
import type { DType, Node } from "./node.ts";
import { type Entry, textOf } from "./recording.ts";

/** The name under which the symbolic backend is registered with tfjs. */
const BACKEND = "polytask-graph";

/** The scope that core's `constant` opens. */
const CONSTANT_SCOPE = "constant";

/** A running trace: ordinary tfjs code, run inside it, adds nodes to the graph instead of computing. */
export interface Tracer {
  readonly graph: Graph;
  /** Makes a tensor from outside (a variable) stand for a node while the trace runs. */
  readonly bind: (tensor: Tensor, node: Node) => void;
  /** A tensor that stands for a node. */
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

/**
 * Runs tfjs code on a backend that computes nothing: every kernel adds its lowering to the graph.
 *
 * `run` must be synchronous. Nothing is left behind, also after an error; the active tfjs backend is active again.
 *
 * @throws POLYTASK_TRACE_KERNEL for a kernel without lowering, POLYTASK_TRACE_READ for a value that is read,
 * POLYTASK_TRACE_RANDOM for randomness and POLYTASK_TRACE_CONSTANT for numbers made into a tensor behind the engine's
 * back, POLYTASK_TRACE_FOREIGN for a tensor that was made outside.
 */
export function trace<Result>(run: (tracer: Tracer) => Result, graph: Graph = new Graph()): Result {
  const backend = symbolicBackend();
  const engine = tf.engine();
  const before = engine.backendName;
  const session = new Session(graph);
  const outer = backend.session;
  backend.session = session;
  switchTo(BACKEND);
  try {
    return tf.tidy(() => run(session) as tf.TensorContainer) as Result;
  } catch (error) {
    throw session.explain(error);
  } finally {
    backend.session = outer;
    if (before) switchTo(before);
  }
}

/** tfjs sets a backend that is already there, or that is made synchronously, before it returns. */
function switchTo(name: string): void {
  void tf.engine().setBackend(name);
}

/** Whose code runs, and what it does. */
export interface Running {
  /** The plugin's name. */
  readonly part: string;
  /** Its place among the trainer's parts, which is unique. */
  readonly slot: string;
  readonly doing: string;
}

/** The slot of code that belongs to no part; what it makes of numbers is fixed. */
const ENGINE = "engine";

class Session implements Tracer {
  readonly graph: Graph;
  readonly #nodes = new WeakMap<object, Node>();
  running: Running = { part: "the engine", slot: ENGINE, doing: "step" };
  readonly recording: Entry[] = [];
  #kernel = "";

  constructor(graph: Graph) {
    this.graph = graph;
  }

  bind(tensor: Tensor, node: Node): void {
    this.#nodes.set(tensor.dataId, node);
  }

  tensor(node: Node): Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.info(node));
  }

  nodeOf(tensor: TensorInfo): Node {
    const node = this.#nodes.get(tensor.dataId);
    if (node) return node;
    throw foreignTensor(this.where(), this.#kernel, tensor.shape);
  }

  info(node: Node): TensorInfo {
    const dataId = {};
    this.#nodes.set(dataId, node);
    return { dataId, shape: [...node.shape], dtype: node.dtype };
  }

  within<Result>(running: Running, run: () => Result): Result {
    const outer = this.running;
    this.running = running;
    try {
      return run();
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.running = outer;
    }
  }

  /** One kernel call of tfjs. */
  run(
    kernel: string,
    inputs: Readonly<Record<string, TensorInfo>> | readonly TensorInfo[],
    attributes: Readonly<Record<string, unknown>>,
  ): TensorInfo | TensorInfo[] {
    const lowering = findLowering(kernel);
    if (!lowering) throw noLowering(this.where(), kernel);
    this.#kernel = kernel;
    this.record(kernel, JSON.stringify(attributes));
    const nodes: Record<string, Node> = {};
    for (const [name, tensor] of Object.entries(inputs) as [string, TensorInfo | undefined][]) {
      if (tensor) nodes[name] = this.nodeOf(tensor);
    }
    const call: KernelCall = { graph: this.graph, inputs: nodes, attributes };
    const result = lowering(call);
    return Array.isArray(result)
      ? (result as readonly Node[]).map((node) => this.info(node))
      : this.info(result as Node);
  }

  /** A tensor made from numbers. */
  write(values: ArrayLike<number>, shape: readonly number[], dtype: DataType): object {
    if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
      throw noLowering(this.where(), `a tensor of dtype ${dtype}`);
    }
    const node = this.graph.literal(values, shape, dtype satisfies DType);
    this.checkConstant(node);
    this.record(this.#kernel, textOf(values));
    const dataId = {};
    this.#nodes.set(dataId, node);
    return dataId;
  }

  /**
   * Numbers given to an op stay: `tf.mul(x, 2)`. A tensor made from numbers by itself is refused: its numbers would be the
   * same at every step from now on. tf.zeros and tf.ones depend on shapes alone.
   */
  private checkConstant(node: Node): void {
    const names = scopeNames();
    const random = names.find((name) => RANDOM.test(name));
    if (random !== undefined) throw frozenNoise(this.where(), random.replace(OP, ""));
    if (this.running.slot === ENGINE) return;
    if (names.includes(CONSTANT_SCOPE) || names.some((name) => OP.test(name))) return;
    if (node.op === "Constant" && [0, 1].includes(node.attributes.value)) return;
    throw frozenConstant(this.where(), node.shape);
  }

  private record(op: string, numbers: string): void {
    this.recording.push({ where: this.where(), op, numbers });
  }

  read(): never {
    throw valueRead(this.where(), this.#kernel);
  }

  where(): string {
    return `${this.running.part}, ${this.running.doing}`;
  }

  /** tfjs's own complaint about a missing kernel, in our words. */
  explain(error: unknown): unknown {
    const missing =
      error instanceof Error ? /Cannot find registered kernel '(.*?)'/.exec(error.message) : null;
    return missing ? noLowering(this.where(), missing[1]) : error;
  }
}

/** What tfjs appends to the name of an op's scope. */
const OP = /__op$/;
const RANDOM = /^(random|rand|truncatedNormal|multinomial|dropout)/;

/** Names of the scopes that are open, the innermost last. */
const scopeNames = (): readonly string[] =>
  tf.engine().state.scopeStack.map(({ name }) => name ?? "");

class SymbolicBackend extends tf.KernelBackend {
  session: Session | undefined;
  #ids = 0;

  override write(values: tf.BackendValues, shape: number[], dtype: DataType): object {
    this.#ids++;
    return this.running().write(values as ArrayLike<number>, shape, dtype);
  }

  override read(): Promise<tf.BackendValues> {
    return Promise.reject(this.running().read() as Error);
  }

  override readSync(): tf.BackendValues {
    return this.running().read();
  }

  override disposeData(): boolean {
    return true;
  }

  override numDataIds(): number {
    return this.#ids;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {
    // Nothing is stored, so nothing is counted.
  }

  decRef(): void {
    // As above.
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  running(): Session {
    if (!this.session) throw new Error(`The tfjs backend "${BACKEND}" only serves traces.`);
    return this.session;
  }
}

let backend: SymbolicBackend | undefined;
const registered = new Set<string>();

/** The backend, made at the first trace; lowerings registered since are made known to tfjs. */
function symbolicBackend(): SymbolicBackend {
  if (!backend) {
    const made = new SymbolicBackend();
    backend = made;
    tf.registerBackend(BACKEND, () => made, -1000);
  }
  for (const kernelName of kernelNames()) {
    if (registered.has(kernelName)) continue;
    registered.add(kernelName);
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs, backend: own }) =>
        (own as SymbolicBackend)
          .running()
          .run(
            kernelName,
            inputs as Readonly<Record<string, TensorInfo>>,
            (attrs ?? {}) as Readonly<Record<string, unknown>>,
          ),
    });
  }
  return backend;
}

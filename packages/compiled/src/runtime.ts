import type { Graph, Shape, Target } from "@polytask/graph";
import type { Store } from "./device/store.ts";
import type { Values } from "./memory.ts";

/** What runs graphs: the only part of a compiled engine that knows a runtime. */
export interface Runtime {
  /** Programs on the host's memory. */
  readonly loader: Loader;
  /** Programs on tensors that stay with the runtime; absent where it hands none out. */
  readonly device?: DeviceRuntime;
  /** To be called when all programs have been released. */
  readonly close: () => Promise<void>;
}

export interface DeviceRuntime {
  /** Programs that read and write the tensors of a store where they lie; everything else crosses in every run. */
  readonly loader: (store: Store) => Loader;
  /** Numbers as a tensor of the runtime, which may read them where they lie: they stay as long as the tensor is in use. */
  readonly tensor: (values: Float32Array, shape: Shape) => DeviceTensor;
}

/** A tensor that stays with the runtime; what else it is, its runtime knows. */
export interface DeviceTensor {
  readonly dispose: () => void;
}

/** Makes programs of graphs that have been simplified. */
export interface Loader {
  /** What the results are handed out as. */
  readonly finish: (graph: Graph, targets: readonly Target[]) => readonly Target[];
  readonly load: (targets: readonly Target[], wiring: Wiring) => Promise<Program>;
}

/** Memories that a program reads, and those it writes. */
export interface Wiring {
  readonly reads: ReadonlyMap<string, Values>;
  readonly writes: ReadonlyMap<string, Values>;
}

/** A compiled graph, wired to memory. */
export interface Program {
  /** Runs once. `given` are memories that change from run to run: the columns of a batch. */
  readonly run: (given?: ReadonlyMap<string, Values>) => Promise<void>;
  /** Results go elsewhere from now on: to the second group's memory, and back. */
  readonly redirect: (writes: ReadonlyMap<string, Values>) => void;
  readonly dispose: () => Promise<void>;
}

/** How steps run. Results are the same. */
export interface CompiledSettings {
  /** Whether kernels run in WebAssembly SIMD, or as their plain JavaScript twins. */
  readonly simd: boolean;
  /** Whether another thread reads and writes the memory, too. */
  readonly worker: boolean;
  /** Whether inner products of gradients are kept instead of gradients. */
  readonly lean: boolean;
  /** Whether parameters stay on the runtime's device, if it has one. */
  readonly device: boolean;
}

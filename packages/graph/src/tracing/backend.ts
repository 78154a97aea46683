import * as tf from "@tensorflow/tfjs";
import type { DataType, Tensor, TensorInfo } from "@tensorflow/tfjs";
import { kernelNames } from "../lowering.ts";

/** The name under which the symbolic backend is registered with tfjs. */
export const BACKEND = "polytask-graph";

/** What tfjs asks of the backend while a trace runs. */
export interface Recorder {
  /** One kernel call. */
  readonly run: (
    kernel: string,
    inputs: Readonly<Record<string, TensorInfo | undefined>>,
    attributes: Readonly<Record<string, unknown>>,
  ) => Tensor | Tensor[];
  /** A tensor made from numbers; returns its data id. */
  readonly write: (values: ArrayLike<number>, shape: readonly number[], dtype: DataType) => object;
  readonly refuseRead: () => Error;
  readonly refuseVariable: (doing: string) => Error;
}

/** A tfjs backend that computes nothing: it hands every call to the trace that runs. */
export class SymbolicBackend extends tf.KernelBackend {
  recorder: Recorder | undefined;
  readonly #references = new WeakMap<object, number>();
  #ids = 0;

  override write(values: tf.BackendValues, shape: number[], dtype: DataType): object {
    this.#ids++;
    return this.running().write(values as ArrayLike<number>, shape, dtype);
  }

  /** Never settles: the trace itself throws, and a rejection that nobody waits for would end the process. */
  override read(): Promise<tf.BackendValues> {
    this.running().refuseRead();
    return new Promise(() => {});
  }

  override readSync(): tf.BackendValues {
    throw this.running().refuseRead();
  }

  override disposeData(dataId: object): boolean {
    const left = this.refCount(dataId) - 1;
    this.#references.set(dataId, left);
    return left <= 0;
  }

  override numDataIds(): number {
    return this.#ids;
  }

  override refCount(dataId: object): number {
    return this.#references.get(dataId) ?? 1;
  }

  /** Called for a new variable only. */
  override incRef(dataId: object): void {
    this.#references.set(dataId, this.refCount(dataId) + 1);
    throw this.running().refuseVariable("makes a variable");
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

  running(): Recorder {
    if (!this.recorder) throw new Error(`The tfjs backend "${BACKEND}" only serves traces.`);
    return this.recorder;
  }
}

let backend: SymbolicBackend | undefined;
const registered = new Set<string>();

/** The backend, made at the first trace; lowerings registered since are made known to tfjs. */
export function symbolicBackend(): SymbolicBackend {
  if (!backend) {
    const made = new SymbolicBackend();
    backend = made;
    // A priority below all others: tfjs never chooses it by itself.
    tf.registerBackend(BACKEND, () => made, -1000);
  }
  for (const kernelName of kernelNames()) {
    if (registered.has(kernelName)) continue;
    registered.add(kernelName);
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs, backend: own }) =>
        (own as SymbolicBackend).running().run(kernelName, inputs, attrs ?? {}),
    });
  }
  return backend;
}

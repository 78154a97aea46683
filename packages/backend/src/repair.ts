import * as tf from "@tensorflow/tfjs";
import type { TfjsBackend } from "./backends/backend.ts";
import { hosts, type Host } from "./host.ts";

/** A kernel's tensors by tfjs's names; every repair reads only those its kernel always has. */
export type Inputs = Readonly<Record<string, tf.TensorInfo>>;
export type Attributes = Readonly<Record<string, unknown>>;

/** One call of a repaired kernel. */
export interface Call {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
  readonly host: Host;
  /** tfjs's backend object itself, for the few repairs that `host` does not serve. */
  readonly backend: unknown;
  /** The kernel of this name as tfjs ships it. */
  readonly shipped: (inputs: Inputs, attrs: Attributes) => tf.TensorInfo;
  /** Another kernel of the same backend, repaired or not. The caller frees what it returns. */
  readonly run: (kernel: string, inputs: Inputs, attrs?: Attributes) => tf.TensorInfo;
}

export type Kernel = (call: Call) => tf.TensorInfo;

/** Kernels that take the place of what tfjs ships (or fails to ship) on some backends. */
export interface Repair {
  readonly on: readonly TfjsBackend[];
  readonly kernels: Readonly<Record<string, Kernel>>;
}

/** Marks a registered kernel as ours; a global symbol, so that a second copy of this package sees it too. */
const repaired = Symbol.for("@polytask/backend repaired");

/** Puts a repair's kernels in tfjs's registry, once, and returns their names. */
export function install(repair: Repair, backend: TfjsBackend): string[] {
  const names = Object.keys(repair.kernels);
  for (const name of names) {
    // declared as always present; it is not
    const shipped = tf.getKernel(name, backend) as tf.KernelConfig | undefined;
    if (shipped && repaired in shipped) continue;
    // registering over a kernel makes tfjs print a warning
    if (shipped) tf.unregisterKernel(name, backend);
    const config: tf.KernelConfig & Record<typeof repaired, true> = {
      // keeps setupFunc, which binds the shipped kernel to the wasm module whenever that is started anew
      ...shipped,
      kernelName: name,
      backendName: backend,
      kernelFunc: kernelFunc(repair.kernels[name], backend, shipped),
      [repaired]: true,
    };
    tf.registerKernel(config);
  }
  return names;
}

function kernelFunc(
  kernel: Kernel,
  name: TfjsBackend,
  shipped: tf.KernelConfig | undefined,
): tf.KernelFunc {
  return ({ inputs, attrs = {}, backend }) => {
    const call = (
      config: tf.KernelConfig | undefined,
      inputs: Inputs,
      attrs: Attributes,
    ): tf.TensorInfo =>
      config?.kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend }) as tf.TensorInfo;
    return kernel({
      inputs: inputs as Inputs,
      attrs,
      host: hosts[name](backend),
      backend,
      shipped: (inputs, attrs) => call(shipped, inputs, attrs),
      run: (other, inputs, attrs = {}) => call(tf.getKernel(other, name), inputs, attrs),
    });
  };
}

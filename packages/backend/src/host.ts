import type { DataType, TensorInfo } from "@tensorflow/tfjs";
import type { TfjsBackend } from "./backends/backend.ts";

/** The values of a tensor: float32, int32 or bool. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

/** The memory of a backend that keeps its tensors where JavaScript can reach them. */
export interface Host {
  /** Makes a zeroed tensor of `shape` and lets `write` fill its values from those of `inputs`. */
  readonly make: (
    shape: readonly number[],
    dtype: DataType,
    inputs: readonly TensorInfo[],
    write: (out: Numbers, ...inputs: Numbers[]) => void,
  ) => TensorInfo;
  /** Frees a tensor that a repair made for itself. */
  readonly free: (info: TensorInfo) => void;
}

export const hosts: Readonly<Record<TfjsBackend, (backend: unknown) => Host>> = {
  cpu: (backend) => cpuHost(backend as CpuBackend),
  wasm: (backend) => wasmHost(backend as WasmBackend),
  webgpu: (backend) => remoteHost(backend as RemoteBackend),
  tensorflow: (backend) => remoteHost(backend as RemoteBackend),
};

interface CpuBackend {
  readonly data: { get(dataId: object): { values: Numbers } };
  makeTensorInfo(shape: number[], dtype: DataType, values: Numbers): TensorInfo;
  disposeIntermediateTensorInfo(info: TensorInfo): void;
}

function cpuHost(backend: CpuBackend): Host {
  return {
    make(shape, dtype, inputs, write) {
      const out = numbers(shape, dtype);
      write(out, ...inputs.map((input) => backend.data.get(input.dataId).values));
      return backend.makeTensorInfo([...shape], dtype, out);
    },
    free: (info) => {
      backend.disposeIntermediateTensorInfo(info);
    },
  };
}

/** The part of tfjs's wasm backend that the repairs rely on. */
export interface WasmBackend {
  readonly wasm: { readonly tfjs: { disposeData(id: number): void } };
  readonly dataIdMap: {
    get(dataId: object): { readonly id: number; readonly memoryOffset: number };
    delete(dataId: object): boolean;
  };
  makeOutput(shape: number[], dtype: DataType, memoryOffset?: number): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Numbers;
  disposeData(dataId: object): boolean;
}

function wasmHost(backend: WasmBackend): Host {
  return {
    make(shape, dtype, inputs, write) {
      // Reaching for an input that lives on another backend moves it here, and both that and the output
      // allocate; an allocation may move the heap and detach every view. So: reach, allocate, then view.
      for (const input of inputs) backend.dataIdMap.get(input.dataId);
      const info = backend.makeOutput([...shape], dtype);
      // malloc does not clear
      write(
        backend.typedArrayFromHeap(info).fill(0),
        ...inputs.map((input) => backend.typedArrayFromHeap(input)),
      );
      return info;
    },
    free: (info) => {
      backend.disposeData(info.dataId);
    },
  };
}

/** A tensor that borrows part of a float32 tensor's memory. `release` forgets it and leaves the memory alone. */
export function heapView(
  backend: WasmBackend,
  { dataId }: TensorInfo,
  start: number,
  shape: number[],
): { readonly info: TensorInfo; readonly release: () => void } {
  const offset =
    backend.dataIdMap.get(dataId).memoryOffset + start * Float32Array.BYTES_PER_ELEMENT;
  const info = backend.makeOutput(shape, "float32", offset);
  return {
    info,
    // backend.disposeData would free memory that is not the view's own
    release() {
      backend.wasm.tfjs.disposeData(backend.dataIdMap.get(info.dataId).id);
      backend.dataIdMap.delete(info.dataId);
    },
  };
}

interface RemoteBackend {
  write(values: Numbers, shape: number[], dtype: DataType): object;
  disposeData(dataId: object): unknown;
}

/** A backend that keeps its tensors out of JavaScript's reach: repairs for it are made of its kernels, and constants. */
function remoteHost(backend: RemoteBackend): Host {
  return {
    make(shape, dtype, inputs, write) {
      if (inputs.length > 0) throw new Error("unreachable: values that JavaScript cannot read");
      const values = numbers(shape, dtype);
      write(values);
      return { dataId: backend.write(values, [...shape], dtype), shape: [...shape], dtype };
    },
    free: ({ dataId }) => {
      backend.disposeData(dataId);
    },
  };
}

function numbers(shape: readonly number[], dtype: DataType): Numbers {
  const size = shape.reduce((product, length) => product * length, 1);
  if (dtype === "float32") return new Float32Array(size);
  return dtype === "int32" ? new Int32Array(size) : new Uint8Array(size);
}

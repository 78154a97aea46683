import { findBackend } from "@tensorflow/tfjs";
import { noTfjsNode } from "../library/errors.ts";

/** A tensor that tfjs-node's addon holds: the part of what it says of one that we use. */
interface TensorMetadata {
  readonly id: number;
}

/** The part of tfjs-node's addon that runs SavedModels. */
export interface Binding {
  /** The tensor shares the array's memory. */
  readonly createTensor: (
    shape: readonly number[],
    dtype: number,
    values: Float32Array | Int32Array | Uint8Array,
  ) => number;
  readonly deleteTensor: (id: number) => void;
  readonly tensorDataSync: (id: number) => Float32Array | Int32Array | Uint8Array;
  readonly loadSavedModel: (dir: string, tags: string) => number;
  readonly deleteSavedModel: (session: number) => void;
  /** Names are "node:place", with commas between. */
  readonly runSavedModel: (
    session: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ) => readonly TensorMetadata[];
  readonly isUsingGpuDevice: () => boolean;
}

/**
 * The addon of the backend that tfjs knows as "tensorflow", whichever backend is in use.
 *
 * @throws POLYTASK_TENSORFLOW_LIBRARY
 */
export function findBinding(): Binding {
  // Typed as any backend; a backend of ours need not be tfjs-node's.
  const backend = findBackend("tensorflow") as { readonly binding?: Partial<Binding> } | null;
  if (!backend) throw noTfjsNode('tfjs has no backend "tensorflow"');
  const { binding } = backend;
  if (typeof binding?.runSavedModel !== "function") {
    throw noTfjsNode('the backend "tensorflow" is not tfjs-node\'s');
  }
  return binding as Binding;
}

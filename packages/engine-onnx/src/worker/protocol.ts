import type { Values } from "@polytask/compiled";
import type { DType } from "@polytask/graph";
import type { LoadOptions, Slot } from "../session/host.ts";
import type { SessionOptions } from "../session/session.ts";
import type { Gate } from "./exit-guard.ts";
import type { Fault } from "./faults.ts";

/** The `workerData` that a worker is started with. It answers number 0 unasked when it is ready. */
export interface WorkerStart {
  readonly options: SessionOptions;
  readonly gate: Gate;
}

/** What the trainer's thread asks of the worker, which does one thing after another. */
export type Request =
  | ({ readonly kind: "load"; readonly model: number; readonly bytes: Uint8Array } & LoadOptions)
  | BindRequest
  | { readonly kind: "run"; readonly call: number }
  | { readonly kind: "release"; readonly model: number }
  | { readonly kind: "close" };

export interface BindRequest {
  readonly kind: "bind";
  readonly call: number;
  readonly model: number;
  /** All memories that the call uses: a memory has one number, and another object in every message. */
  readonly memories: readonly (readonly [memory: number, buffer: SharedArrayBuffer])[];
  readonly feeds: readonly Place[];
  readonly fetches: readonly Place[];
}

/** A slot and where it lies in a memory. */
export interface Place extends Slot {
  readonly memory: number;
  /** In bytes. */
  readonly at: number;
}

/** A request on its way, and the one answer to it. */
export interface Question {
  readonly id: number;
  readonly request: Request;
}

export interface Answer {
  readonly id: number;
  readonly fault?: Fault;
}

interface ArrayMaker {
  new (buffer: ArrayBufferLike, at: number, length: number): Values;
  readonly BYTES_PER_ELEMENT: number;
}

/** The array of an element type. */
const ARRAYS: Readonly<Record<DType, ArrayMaker>> = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
};

type Extent = Pick<Slot, "shape" | "dtype">;

const count = ({ shape }: Extent): number => shape.reduce((size, length) => size * length, 1);

export const byteLengthOf = (extent: Extent): number =>
  count(extent) * ARRAYS[extent.dtype].BYTES_PER_ELEMENT;

/** The numbers that lie `at` so many bytes. */
export const viewOf = (buffer: ArrayBufferLike, at: number, extent: Extent): Values =>
  new ARRAYS[extent.dtype](buffer, at, count(extent));

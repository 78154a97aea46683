import type { DType, Shape } from "@polytask/graph";
import { DATA_TYPE, type FunctionDef, writeFunction } from "../function/proto.ts";
import { refused } from "./errors.ts";
import type { CApi, Pointer } from "./c-api.ts";
import type { Copies } from "./copies.ts";
import type { Uninterrupted } from "./signals.ts";

/** Numbers as the host holds them; a bool is a byte. */
type Values = Float32Array | Int32Array | Uint8Array;

/** A tensor that TensorFlow holds, wherever that is; how, its context knows. */
export interface Handle {
  readonly dispose: () => void;
}

/** A tensor that stays with TensorFlow from call to call, under a name. */
export interface Place {
  readonly name: string;
  readonly shape: Shape;
}

/** Of a function's inputs and results, those that stay; undefined for what crosses. */
export interface Places {
  readonly inputs: readonly (Place | undefined)[];
  readonly outputs: readonly (Place | undefined)[];
}

/** A running TensorFlow. */
export interface Context {
  readonly devices: readonly { readonly name: string; readonly type: string }[];
  /** Makes a function known; the name is free again after `remove`. */
  readonly add: (definition: FunctionDef, places: Places) => void;
  readonly remove: (name: string) => void;
  /** Calls a function once; its results are the caller's. */
  readonly call: (name: string, inputs: readonly Handle[], results: number) => readonly Handle[];
  /** A copy of the numbers. */
  readonly tensor: (values: Values, shape: Shape, dtype: DType) => Handle;
  /** Copies a tensor's numbers out. */
  readonly read: (handle: Handle, into: Values) => void;
  readonly close: () => void;
}

/** A handle of the C API. */
interface Pointed extends Handle {
  readonly pointer: Pointer;
}

const pointerOf = (handle: Handle): Pointer => (handle as Pointed).pointer;

let calls = 0;

/** How many functions this process has called. */
export const callCount = (): number => calls;

export interface ContextOptions {
  readonly threads?: number;
  /** Calls go to the first device of this type. */
  readonly device: "CPU" | "GPU";
}

/** What the library is called with. */
export interface Calls extends Copies {
  readonly api: CApi;
  /** For whatever computes, or begins threads that do. */
  readonly uninterrupted: Uninterrupted;
}

export function openContext(
  { api, copyIn, copyOut, uninterrupted }: Calls,
  options: ContextOptions,
): Context {
  const status = api.newStatus();
  const check = (what: string): void => {
    if (api.statusCode(status) !== 0) throw refused(what, api.statusMessage(status));
  };
  const settings = api.newContextOptions();
  const config = configOf(options);
  api.setConfig(settings, config, config.length, status);
  check("its settings");
  const context = uninterrupted(() => api.newContext(settings, status));
  api.deleteContextOptions(settings);
  check("to start");

  const devices = devicesOf(api, context, status);
  const device = devices.find(({ type }) => type === options.device);

  const handle = (pointer: Pointer): Pointed => {
    let open = true;
    return {
      pointer,
      dispose: () => {
        if (open) api.deleteHandle(pointer);
        open = false;
      },
    };
  };

  return {
    devices,
    add: (definition) => {
      const bytes = writeFunction(definition);
      api.addFunction(context, bytes, bytes.length, status);
      check("a graph");
    },
    remove: (name) => {
      api.removeFunction(context, name, status);
      check("to forget a graph");
    },
    call: (name, inputs, results) => {
      const op = api.newOp(context, name, status);
      check("a graph");
      try {
        if (device) api.setDevice(op, device.name, status);
        for (const input of inputs) {
          api.addInput(op, pointerOf(input), status);
          check("an input");
        }
        const found = new BigInt64Array(results);
        uninterrupted(() => {
          api.execute(op, found, Int32Array.of(results), status);
        });
        calls++;
        check("to run a graph");
        return Array.from(found, (pointer) => handle(Number(pointer)));
      } finally {
        api.deleteOp(op);
      }
    },
    tensor: (values, shape, dtype) => {
      const dims = BigInt64Array.from(shape, BigInt);
      const tensor = api.allocateTensor(DATA_TYPE[dtype], dims, shape.length, values.byteLength);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      if (bytes.length > 0) copyIn(api.tensorData(tensor), bytes, bytes.length);
      const pointer = api.newHandle(tensor, status);
      api.deleteTensor(tensor);
      check("a tensor");
      return handle(pointer);
    },
    read: (from, into) => {
      const tensor = api.resolveHandle(pointerOf(from), status);
      check("to hand out a tensor");
      const size = api.tensorByteSize(tensor);
      if (size !== into.byteLength)
        throw new Error(`unreachable: ${size} bytes for ${into.byteLength}`);
      if (size > 0) {
        const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
        copyOut(bytes, api.tensorData(tensor), size);
      }
      api.deleteTensor(tensor);
    },
    close: () => {
      api.deleteContext(context);
    },
  };
}

function devicesOf(api: CApi, context: Pointer, status: Pointer): Context["devices"] {
  const list = api.listDevices(context, status);
  const found = Array.from({ length: api.deviceCount(list) }, (_, i) => ({
    name: api.deviceName(list, i, status),
    type: api.deviceType(list, i, status),
  }));
  api.deleteDeviceList(list);
  return found;
}

/** ConfigProto: threads of one op and of several, a GPU's memory as it is needed, and ops without a GPU kernel on the CPU. */
function configOf({ threads }: ContextOptions): Uint8Array {
  const pools = threads === undefined ? [] : [0x10, ...varint(threads), 0x28, ...varint(threads)];
  return Uint8Array.from([...pools, 0x32, 0x02, 0x20, 0x01, 0x38, 0x01]);
}

const varint = (value: number): readonly number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];

import { backend_util, type TensorInfo } from "@tensorflow/tfjs";
import type { Call, Repair } from "../repair.ts";

/**
 * a·b for batches of which neither is the other's end, such as [8, 12] and [8, 1]: keys that all heads share.
 *
 * tfjs 4.22: webgpu refuses them; on cpu and wasm entry i of the result takes entry i mod n of an operand with n matrices, which is right only
 * where the operand's batch repeats as a whole.
 */
export const broadcastBatches: Repair = {
  on: ["cpu", "webgpu"],
  kernels: {
    BatchMatMul: (call) => withWholeBatches(call, call.shipped),
  },
};

/** Runs a product on operands whose batches repeat as a whole, repeating those that do not. */
export function withWholeBatches(
  call: Call,
  product: (inputs: Call["inputs"], attrs: Call["attrs"]) => TensorInfo,
): TensorInfo {
  const { inputs, attrs, host } = call;
  const { a, b } = inputs;
  const batch = backend_util.assertAndGetBroadcastShape(batchOf(a), batchOf(b));
  const made: TensorInfo[] = [];
  const whole = (x: TensorInfo): TensorInfo => {
    if (repeatsAsWhole(batchOf(x), batch)) return x;
    made.push(repeated(call, x, batch));
    return made[made.length - 1];
  };
  try {
    return product({ a: whole(a), b: whole(b) }, attrs);
  } finally {
    made.forEach(host.free);
  }
}

const batchOf = ({ shape }: TensorInfo): number[] => shape.slice(0, -2);

function repeatsAsWhole(own: readonly number[], batch: readonly number[]): boolean {
  const first = own.findIndex((size) => size !== 1);
  const end = first < 0 ? [] : own.slice(first);
  return end.every((size, i) => size === batch[batch.length - end.length + i]);
}

function repeated({ run, host }: Call, x: TensorInfo, batch: readonly number[]): TensorInfo {
  const shape = [...new Array<number>(batch.length + 2 - x.shape.length).fill(1), ...x.shape];
  const aligned = run("Reshape", { x }, { shape });
  try {
    const reps = shape.map((size, i) => (i < batch.length && size === 1 ? batch[i] : 1));
    return run("Tile", { x: aligned }, { reps });
  } finally {
    host.free(aligned);
  }
}

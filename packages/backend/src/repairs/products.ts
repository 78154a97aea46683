import { backend_util, util, type TensorInfo } from "@tensorflow/tfjs";
import { heapView, type WasmBackend } from "../host.ts";
import type { Call, Repair } from "../repair.ts";
import { withWholeBatches } from "./broadcast-batches.ts";

/** Multiplications per matrix from which the fast kernel repays its setup (measured: even at 4,096, 3 times at 16,384). */
const worthwhile = 8192;

/**
 * a·b for batches of matrices, either side transposed or not, always by the fast kernel where that pays.
 *
 * tfjs 4.22: wasm hands a product to XNNPACK only if nothing is transposed and the batch is one; otherwise a scalar
 * loop runs, an order of magnitude slower, and every gradient of a product is a transposed product. With an inner
 * length of 0 it returns whatever the memory held.
 */
export const products: Repair = {
  on: ["wasm"],
  kernels: {
    BatchMatMul(call) {
      const { inputs, attrs, host, shipped } = call;
      const { a, b } = inputs;
      // refuses, in its own words, before anything is made
      if (a.dtype !== "float32" || b.dtype !== "float32") return shipped(inputs, attrs);
      const [k, m] = attrs["transposeA"] === true ? a.shape.slice(-2) : a.shape.slice(-2).reverse();
      const n = b.shape[b.shape.length - (attrs["transposeB"] === true ? 2 : 1)];
      const batch = backend_util.assertAndGetBroadcastShape(
        a.shape.slice(0, -2),
        b.shape.slice(0, -2),
      );
      if (a.shape.includes(0) || b.shape.includes(0))
        return host.make([...batch, m, n], "float32", [], () => {});
      if (!sameBatch(a, b)) return withWholeBatches(call, shipped);
      if (m * k * n < worthwhile) return shipped(inputs, attrs);

      const made: TensorInfo[] = [];
      const straight = (x: TensorInfo, flag: string): TensorInfo => {
        if (attrs[flag] !== true) return x;
        made.push(transposed(call, x));
        return made[made.length - 1];
      };
      try {
        return straightProduct(call, straight(a, "transposeA"), straight(b, "transposeB"));
      } finally {
        made.forEach(host.free);
      }
    },
  },
};

/** Broadcast batches are left to the shipped kernel. */
function sameBatch(a: TensorInfo, b: TensorInfo): boolean {
  return util.arraysEqual(a.shape.slice(0, -2), b.shape.slice(0, -2));
}

function transposed({ run }: Call, x: TensorInfo): TensorInfo {
  const perm = [...x.shape.keys()];
  perm.push(...perm.splice(-2).reverse());
  return run("Transpose", { x }, { perm });
}

function straightProduct(
  { host, shipped, backend }: Call,
  a: TensorInfo,
  b: TensorInfo,
): TensorInfo {
  const [m, k] = a.shape.slice(-2);
  const n = b.shape[b.shape.length - 1];
  const batch = a.shape.slice(0, -2);
  const flags = { transposeA: false, transposeB: false };
  if (util.sizeFromShape(batch) === 1) return shipped({ a, b }, flags);

  const heap = backend as WasmBackend;
  const out = host.make([...batch, m, n], "float32", [a, b], () => {});
  for (let i = 0; i < util.sizeFromShape(batch); i++) {
    const left = heapView(heap, a, i * m * k, [1, m, k]);
    const right = heapView(heap, b, i * k * n, [1, k, n]);
    const product = shipped({ a: left.info, b: right.info }, flags);
    left.release();
    right.release();
    heap.typedArrayFromHeap(out).set(heap.typedArrayFromHeap(product), i * m * n);
    host.free(product);
  }
  return out;
}

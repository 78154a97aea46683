import { backend_util, util, type TensorInfo } from "@tensorflow/tfjs";
import type { Numbers } from "../host.ts";
import type { Call, Repair } from "../repair.ts";

/** Terms up to which float32 sums are good to some 1e-6 and the shipped kernel, the faster one for few, is kept. */
const few = 64;

/**
 * Sum and mean, added up in float64 and rounded once; of no numbers both are 0, as on cpu.
 *
 * tfjs 4.22: wasm adds float32 to float32 (a million times 0.1 is 1 % off), and over an axis of length 0 it returns
 * whatever the memory held. cpu adds in float64.
 */
export const sums: Repair = {
  on: ["wasm"],
  kernels: {
    Sum: (call) => reduced(call, false),
    Mean: (call) => reduced(call, true),
  },
};

function reduced({ inputs, attrs, host, shipped, run }: Call, mean: boolean): TensorInfo {
  const { x } = inputs;
  const axes = util
    .parseAxisParam(attrs["axis"] as number | number[], x.shape)
    .sort((a, b) => a - b);
  const [kept, over] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const count = util.sizeFromShape(over);
  if (count <= few && !x.shape.includes(0)) return shipped(inputs, attrs);

  const shape = attrs["keepDims"] === true ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
  const dtype = mean ? "float32" : x.dtype === "bool" ? "int32" : x.dtype;
  // axes side by side are one axis; others are brought to the end first
  const adjacent = axes.every((axis, i) => axis === axes[0] + i);
  const perm = [...x.shape.keys()].filter((axis) => !axes.includes(axis)).concat(axes);
  const input = adjacent ? x : run("Transpose", { x }, { perm });
  const inner = adjacent ? util.sizeFromShape(x.shape.slice(axes[0] + axes.length)) : 1;
  try {
    return host.make(shape, dtype, [input], (out, values) => {
      if (values.length === 0) return;
      const totals = inner === 1 ? rowTotals(values, count) : columnTotals(values, count, inner);
      const scale = mean ? 1 / count : 1;
      for (let i = 0; i < out.length; i++) out[i] = totals[i] * scale;
    });
  } finally {
    if (input !== x) host.free(input);
  }
}

/** The sums of values taken `count` at a time. */
function rowTotals(values: Numbers, count: number): Float64Array {
  const totals = new Float64Array(values.length / count);
  for (let row = 0, from = 0; row < totals.length; row++, from += count) {
    // two running sums: one addition need not wait for the one before
    let even = 0;
    let odd = 0;
    const pairs = from + count - (count % 2);
    for (let i = from; i < pairs; i += 2) {
      even += values[i];
      odd += values[i + 1];
    }
    totals[row] = even + odd + (count % 2 === 1 ? values[pairs] : 0);
  }
  return totals;
}

/** For values as blocks of `count` rows of `width` columns, the sum of each column of each block. */
function columnTotals(values: Numbers, count: number, width: number): Float64Array {
  const totals = new Float64Array(values.length / count);
  let from = 0;
  for (let block = 0; block < totals.length; block += width)
    for (let row = 0; row < count; row++, from += width)
      for (let i = 0; i < width; i++) totals[block + i] += values[from + i];
  return totals;
}

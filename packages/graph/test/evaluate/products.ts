import { type Node, type NodeOf, type Shape, sizeOf } from "@polytask/graph";
import { broadcastStrides, places, stridesOf, type Values } from "./values.ts";

/** [..., m, k]·[..., k, n]. */
export function product(node: Node, operands: readonly Values[]): ArrayLike<number> | undefined {
  if (node.op !== "MatMul") return undefined;
  const [a, b] = operands;
  const leading = node.shape.slice(0, -2);
  const [m, n] = node.shape.slice(-2);
  const k = node.inputs[0].shape.at(-1) as number;
  const [starts, others] = node.inputs.map(({ shape }) => {
    const matrix = sizeOf(shape.slice(-2));
    const strides = broadcastStrides(shape.slice(0, -2), leading);
    return places(leading, strides).map((place) => place * matrix);
  });
  const result = new Float64Array(sizeOf(node.shape));
  starts.forEach((start, i) => {
    for (let row = 0; row < m; row++) {
      const out = (i * m + row) * n;
      for (let inner = 0; inner < k; inner++) {
        const factor = a[start + row * k + inner];
        const from = others[i] + inner * n;
        for (let column = 0; column < n; column++)
          result[out + column] += factor * b[from + column];
      }
    }
  });
  return result;
}

/** Inner products of slices along an axis. */
export function gramian(node: Node, [x]: readonly Values[]): ArrayLike<number> | undefined {
  if (node.op !== "Gramian") return undefined;
  const { shape } = node.inputs[0];
  const { axis } = node.attributes;
  const rows = shape[axis];
  const behind = sizeOf(shape.slice(axis + 1));
  const result = new Float64Array(rows * rows);
  for (let place = 0; place < x.length; place++) {
    const row = Math.floor(place / behind) % rows;
    for (let other = 0; other < rows; other++)
      result[row * rows + other] += x[place] * x[place + (other - row) * behind];
  }
  return result;
}

/** Convolutions and pools, any number of spatial axes. */
export function windows(node: Node, operands: readonly Values[]): ArrayLike<number> | undefined {
  switch (node.op) {
    case "Conv":
      return conv(node, operands);
    case "ConvTranspose":
      return convTranspose(node, operands);
    case "MaxPool":
    case "AveragePool":
      return pool(node, operands[0]);
    default:
      return undefined;
  }
}

function conv(node: NodeOf<"Conv">, [x, f]: readonly Values[]): ArrayLike<number> {
  const [data, filter] = node.inputs;
  const { groups } = node.attributes;
  const [channels, taps] = [filter.shape[1], filter.shape.slice(2)];
  const [batch, out] = node.shape;
  const [pixels, size] = [sizeOf(node.shape.slice(2)), sizeOf(taps)];
  const reached = reach(data.shape.slice(2), node.shape.slice(2), taps, node.attributes);
  const plane = sizeOf(data.shape.slice(2));
  const result = new Float64Array(sizeOf(node.shape));
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < out; o++) {
      const first = Math.floor(o / (out / groups)) * channels;
      for (let c = 0; c < channels; c++) {
        const from = (n * data.shape[1] + first + c) * plane;
        for (let p = 0; p < pixels; p++) {
          for (let t = 0; t < size; t++) {
            const place = reached[p * size + t];
            if (place < 0) continue;
            result[(n * out + o) * pixels + p] +=
              x[from + place] * f[(o * channels + c) * size + t];
          }
        }
      }
    }
  }
  return result;
}

function convTranspose(
  node: NodeOf<"ConvTranspose">,
  [x, f]: readonly Values[],
): ArrayLike<number> {
  const [data, filter] = node.inputs;
  const { groups } = node.attributes;
  const [channels, taps] = [filter.shape[1], filter.shape.slice(2)];
  const [batch, inside] = data.shape;
  const [pixels, size] = [sizeOf(data.shape.slice(2)), sizeOf(taps)];
  // A pixel of the data reaches what a window there would have read.
  const reached = reach(node.shape.slice(2), data.shape.slice(2), taps, node.attributes);
  const plane = sizeOf(node.shape.slice(2));
  const result = new Float64Array(sizeOf(node.shape));
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < inside; i++) {
      const first = Math.floor(i / (inside / groups)) * channels;
      for (let c = 0; c < channels; c++) {
        const to = (n * node.shape[1] + first + c) * plane;
        for (let p = 0; p < pixels; p++) {
          for (let t = 0; t < size; t++) {
            const place = reached[p * size + t];
            if (place < 0) continue;
            result[to + place] +=
              x[(n * inside + i) * pixels + p] * f[(i * channels + c) * size + t];
          }
        }
      }
    }
  }
  return result;
}

function pool(node: NodeOf<"MaxPool" | "AveragePool">, x: Values): ArrayLike<number> {
  const spatial = node.inputs[0].shape.slice(2);
  const { kernel } = node.attributes;
  const [pixels, size, plane] = [sizeOf(node.shape.slice(2)), sizeOf(kernel), sizeOf(spatial)];
  const reached = reach(spatial, node.shape.slice(2), kernel, node.attributes);
  const planes = node.shape[0] * node.shape[1];
  const result = new Float64Array(planes * pixels);
  for (let i = 0; i < result.length; i++) {
    const [from, p] = [Math.floor(i / pixels) * plane, i % pixels];
    const inside = [...reached.subarray(p * size, (p + 1) * size)]
      .filter((place) => place >= 0)
      .map((place) => x[from + place]);
    result[i] =
      node.op === "MaxPool"
        ? Math.max(...inside)
        : inside.reduce((sum, value) => sum + value, 0) / inside.length;
  }
  return result;
}

/** For every output pixel and tap of the window, the input pixel under it; −1 in the padding. */
function reach(
  spatial: Shape,
  out: Shape,
  taps: Shape,
  {
    strides,
    dilations,
    padsBefore,
  }: Pick<NodeOf<"Conv">["attributes"], "strides" | "dilations" | "padsBefore">,
): Int32Array {
  const result = new Int32Array(sizeOf(out) * sizeOf(taps));
  const [whole, pixelStrides, tapStrides] = [spatial, out, taps].map(stridesOf);
  for (let i = 0; i < result.length; i++) {
    const [pixel, tap] = [Math.floor(i / sizeOf(taps)), i % sizeOf(taps)];
    let place = 0;
    for (let axis = 0; axis < spatial.length && place >= 0; axis++) {
      const p = Math.floor(pixel / pixelStrides[axis]) % out[axis];
      const t = Math.floor(tap / tapStrides[axis]) % taps[axis];
      const at = p * strides[axis] - padsBefore[axis] + t * dilations[axis];
      place = at < 0 || at >= spatial[axis] ? -1 : place + at * whole[axis];
    }
    result[i] = place;
  }
  return result;
}

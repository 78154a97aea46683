import { type Node, sizeOf } from "@polytask/graph";
import { broadcastStrides, places, stridesOf, type Values } from "./values.ts";

/** Ops that only move numbers, and known numbers. */
export function layout(node: Node, operands: readonly Values[]): ArrayLike<number> | undefined {
  const [x] = operands;
  const size = sizeOf(node.shape);
  switch (node.op) {
    case "Constant":
      return new Float64Array(size).fill(node.attributes.value);
    case "Literal":
      return node.attributes.values;
    case "Reshape":
      return x;
    case "Expand":
      return taken(x, places(node.shape, broadcastStrides(node.inputs[0].shape, node.shape)));
    case "Transpose": {
      const strides = stridesOf(node.inputs[0].shape);
      return taken(
        x,
        places(
          node.shape,
          node.attributes.perm.map((axis) => strides[axis]),
        ),
      );
    }
    case "Slice": {
      const { starts, steps } = node.attributes;
      const strides = stridesOf(node.inputs[0].shape);
      const start = starts.reduce((sum, from, i) => sum + from * strides[i], 0);
      const walk = strides.map((stride, i) => stride * steps[i]);
      return taken(x, places(node.shape, walk, start));
    }
    case "Pad": {
      const result = new Float64Array(size).fill(node.attributes.value);
      put(result, x, node.inputs[0], node, node.attributes.before);
      return result;
    }
    case "Concat": {
      const result = new Float64Array(size);
      const { axis } = node.attributes;
      let from = 0;
      node.inputs.forEach((part, i) => {
        const at = node.shape.map((_, place) => (place === axis ? from : 0));
        put(result, operands[i], part, node, at);
        from += part.shape[axis];
      });
      return result;
    }
    default:
      return undefined;
  }
}

const taken = (x: Values, from: Int32Array): ArrayLike<number> =>
  Float64Array.from(from, (place) => x[place]);

/** Writes a part into a whole, from index `at`. */
function put(
  result: Float64Array,
  values: Values,
  part: Node,
  whole: Node,
  at: readonly number[],
): void {
  const strides = stridesOf(whole.shape);
  const start = at.reduce((sum, from, i) => sum + from * strides[i], 0);
  places(part.shape, strides, start).forEach((place, i) => {
    result[place] = values[i];
  });
}

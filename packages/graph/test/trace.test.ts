import { PolytaskError } from "@polytask/core";
import { detach, gradientsOf, onTape } from "@polytask/core/engine";
import { Graph, type Node, ops, registerLowering, trace, type Tracer } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { evaluate } from "./evaluate.ts";

let tensors = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
  expect(tf.getBackend()).toBe("cpu");
});

/** Code of a part, given one input of the step. */
type Body = (x: Tensor, tracer: Tracer) => unknown;

/** Traces `body` as the forward pass of a part called "my-part". */
function tracePart(body: Body): Node {
  const graph = new Graph();
  return trace((tracer) => {
    const x = tracer.tensor(graph.view("x", 0, [2, 3]));
    const running = { part: "my-part", slot: "architecture", doing: "forward" };
    const y = tracer.within(running, () => body(x, tracer)) as Tensor;
    return tracer.nodeOf(y);
  }, graph);
}

function errorOf(body: Body): PolytaskError {
  try {
    tracePart(body);
  } catch (error) {
    if (error instanceof PolytaskError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const x = Float32Array.of(1, -2, 3, -4, 5, -6);
const worth = async (node: Node): Promise<number[]> =>
  Array.from((await evaluate([node], () => x))[0]);

describe("a trace", () => {
  it("computes nothing and leaves nodes behind", async () => {
    const node = tracePart((input) => tf.relu(tf.mul(input, 2)));
    expect(node.op).toBe("Relu");
    expect(await worth(node)).toEqual([2, 0, 6, 0, 10, 0]);
  });

  it("binds variables without changing them", async () => {
    const variable = tf.variable(tf.tidy(() => tf.tensor1d([1, 2, 3])));
    const node = tracePart((input, tracer) => {
      tracer.bind(variable, tracer.graph.view("x", 0, [3]));
      return tf.add(input, variable);
    });
    expect(await worth(node)).toEqual([2, -4, 6, -3, 3, -3]);
    expect(Array.from(await variable.data())).toEqual([1, 2, 3]);
    variable.dispose();
    tensors = tf.memory().numTensors;
  });

  it("takes fixed numbers: operands of ops, zeros and ones, and what constant() holds", async () => {
    const node = tracePart((input) =>
      tf.addN([
        tf.mul(input, [[1, 2, 3]]),
        tf.zeros([2, 3]),
        tf.ones([2, 3]),
        tf.fill([2, 3], 10),
        tf.tidy("constant", () =>
          tf.tensor2d([
            [1, 0, 0],
            [0, 0, 1],
          ]),
        ),
      ]),
    );
    expect(await worth(node)).toEqual([13, 7, 20, 7, 21, -6]);
  });

  it("takes the numbers that tfjs's own gradients are made with", async () => {
    const node = tracePart((input) => tf.grad((z) => tf.sum(tf.selu(tf.erf(z))))(input));
    expect((await worth(node)).every(Number.isFinite)).toBe(true);
  });

  it("runs inside another", async () => {
    const inner: Node[] = [];
    const outer = tracePart((input) => {
      inner.push(tracePart((other) => tf.neg(other)));
      return tf.abs(input);
    });
    expect(outer.op).toBe("Abs");
    expect(await worth(inner[0])).toEqual([-1, 2, -3, 4, -5, 6]);
  });

  it("frees what traced code keeps", () => {
    tracePart((input) => tf.keep(tf.neg(input)));
  });

  it("frees the tape of a gradient that threw", () => {
    expect(() =>
      tracePart((input) =>
        tf.grad((z) => {
          tf.square(tf.exp(z));
          throw new Error("in the middle");
        })(input),
      ),
    ).toThrow("in the middle");
    expect(() =>
      trace((tracer) =>
        onTape(() => {
          tf.square(tracer.tensor(tracer.graph.view("x", 0, [2])));
          throw new Error("on the tape");
        }),
      ),
    ).toThrow("on the tape");
  });
});

describe("errors name part, place, op and remedy", () => {
  it("a kernel without lowering", () => {
    const error = errorOf((input) => tf.fft(tf.complex(input, input)));
    expect(error.code).toBe("POLYTASK_TRACE_KERNEL");
    expect(error.message).toMatch(/^my-part, forward: .*"Complex"/);
    expect(error.remedy).toContain("registerLowering");
  });

  it("a kernel that lost its lowering", () => {
    const custom = (value: Tensor): Tensor => tf.engine().runKernel("AcmeTwice", { x: value });
    const forget = registerLowering("AcmeTwice", ({ graph, inputs }) =>
      ops.scale(graph, inputs["x"], 2),
    );
    expect(tracePart((input) => custom(input)).op).toBe("Mul");
    forget();
    expect(errorOf((input) => custom(input)).found).toContain('"AcmeTwice"');
  });

  it("a use of a kernel that has none", () => {
    const error = errorOf(() => tf.avgPool3d(tf.zeros<tf.Rank.R5>([1, 3, 3, 3, 1]), 2, 3, "same"));
    expect(error.code).toBe("POLYTASK_TRACE_KERNEL");
    expect(error.found).toMatch(/^"AvgPool3D" with windows .* has none$/);
    expect(errorOf((input) => tf.cast(input, "complex64")).found).toContain("to complex64");
  });

  it("text", () => {
    const error = errorOf(() => tf.tensor1d(["a", "b"]));
    expect(error.code).toBe("POLYTASK_TRACE_KERNEL");
    expect(error.found).toContain("string");
  });

  /* eslint-disable no-restricted-syntax -- reading at once is the mistake that is tried */
  it("a value that is read", () => {
    const error = errorOf((input) => tf.mul(input, input.dataSync()[0]));
    expect(error.code).toBe("POLYTASK_TRACE_READ");
    expect(error.message).toMatch(/^my-part, forward: /);
    const after = errorOf((input) => tf.mul(input, tf.neg(input).arraySync()));
    expect(after.found).toContain('"Neg"');
    // Which tf.max ends with an op that nobody wrote.
    expect(errorOf((input) => tf.add(input, tf.max(input).dataSync()[0])).found).toContain('"Max"');
    expect(after.remedy).toContain("pass.host");
  });
  /* eslint-enable no-restricted-syntax */

  it("a value that is waited for", () => {
    const error = errorOf(async (input) => tf.mul(input, (await input.data())[0]));
    expect(error.code).toBe("POLYTASK_TRACE_READ");
    expect(errorOf(async (input) => Promise.resolve(input)).found).toContain("promise");
  });

  it("a value that is asked for and never waited for", () => {
    const error = errorOf((input) => {
      void tf.exp(input).data();
      return input;
    });
    expect(error.code).toBe("POLYTASK_TRACE_READ");
    expect(error.found).toContain('"Exp"');
  });

  it("randomness", () => {
    for (const [op, draw] of [
      ["randomNormal", (y: Tensor) => tf.add(y, tf.randomNormal([2, 3]))],
      ["randomUniform", () => tf.randomUniform([2, 3])],
      ["truncatedNormal", () => tf.truncatedNormal([2, 3])],
      ["dropout", (y: Tensor) => tf.dropout(y, 0.5)],
    ] as const) {
      const error = errorOf(draw);
      expect(error.code).toBe("POLYTASK_TRACE_RANDOM");
      expect(error.found).toContain(op);
      expect(error.remedy).toContain("pass.noise");
    }
    expect(errorOf((y) => tf.multinomial(y as tf.Tensor2D, 2)).code).toBe("POLYTASK_TRACE_RANDOM");
  });

  it("numbers made into a tensor", () => {
    const error = errorOf((input) => tf.mul(input, tf.scalar(0.3)));
    expect(error.code).toBe("POLYTASK_TRACE_CONSTANT");
    expect(error.remedy).toContain("constant(() =>");
    expect(error.found).toMatch(/^a tensor of shape \[\] is made from numbers: /);
    expect(errorOf((input) => tf.mul(tf.exp(input), tf.tensor1d([1, 2, 3]))).found).toContain(
      '[3] is made from numbers after the op "Exp": ',
    );
    expect(errorOf(() => tf.buffer([2], "float32", Float32Array.of(1, 2)).toTensor()).code).toBe(
      "POLYTASK_TRACE_CONSTANT",
    );
  });

  it("a tensor from outside", () => {
    const outside = tf.tensor1d([1, 2, 3]);
    const error = errorOf((input) => tf.mul(input, outside));
    expect(error.code).toBe("POLYTASK_TRACE_FOREIGN");
    expect(error.found).toContain('"Multiply"');
    expect(error.found).toContain("[3]");
    outside.dispose();
  });

  it("a variable that is assigned, which stays what it was", async () => {
    const variable = tf.variable(
      tf.tidy(() => tf.tensor1d([1, 2, 3])),
      true,
      "counter",
    );
    const error = errorOf((input) => {
      variable.assign(tf.sum(input, 0));
      return input;
    });
    expect(error.code).toBe("POLYTASK_TRACE_ASSIGN");
    expect(error.found).toContain('"counter"');
    expect(error.remedy).toContain("pass.assign");
    expect(Array.from(await variable.data())).toEqual([1, 2, 3]);
    tf.tidy(() => {
      variable.assign(tf.tensor1d([4, 5, 6]));
    });
    expect(Array.from(await variable.data())).toEqual([4, 5, 6]);
    variable.dispose();
    tensors = tf.memory().numTensors;
  });

  it("a variable that is made", () => {
    const names = Object.keys(tf.engine().registeredVariables);
    const error = errorOf((input) => tf.variable(tf.neg(input)));
    expect(error.code).toBe("POLYTASK_TRACE_ASSIGN");
    expect(Object.keys(tf.engine().registeredVariables)).toEqual(names);
  });

  it("an op without gradient", () => {
    const error = errorOf((input) =>
      onTape(() => {
        const places = tf.range(0, 3, 1, "int32");
        const filled = tf.sparseToDense(places, tf.sum(input, 0), [9]);
        return gradientsOf(tf.sum(filled), [input])[0];
      }),
    );
    expect(error.code).toBe("POLYTASK_TRACE_GRADIENT");
    expect(error.message).toMatch(/^my-part, forward: .*"SparseToDense"/);
    expect(error.remedy).toContain("registerGradient");
  });

  it("more updates at once than can be compared with each other", () => {
    const error = errorOf((input) => {
      const line = tf.reshape(input, [6]);
      const many = tf.tile(line, [700]);
      const places = tf.expandDims(tf.cast(many, "int32"), -1);
      return tf.tensorScatterUpdate(line, places, many);
    });
    expect(error.code).toBe("POLYTASK_TRACE_KERNEL");
    expect(error.message).toMatch(/"TensorScatterUpdate" of more than 4,096 updates at once/);
  });

  it("what is thrown by the part itself stays as it is", () => {
    const mine = new RangeError("mine");
    expect(() =>
      errorOf(() => {
        throw mine;
      }),
    ).toThrow(mine);
  });
});

it("a detached value has no gradient in a trace either", async () => {
  const node = tracePart((input) =>
    onTape(() => gradientsOf(tf.sum(tf.mul(input, detach(input))), [input])[0]),
  );
  expect(await worth(node)).toEqual([1, -2, 3, -4, 5, -6]);
});

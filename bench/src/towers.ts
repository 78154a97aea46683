import { type ArchitecturePlugin, CONTRACT, type Parameter } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D, Tensor3D, Variable } from "@tensorflow/tfjs";
import { TOWER, WIDTH } from "./cases.ts";

/** How a model's towers are written: as one product over all tasks, or each by itself. */
export type Style = "batched" | "separate";

/** A shared bottom as a user writes it who knows nothing of Jacobians. */
export function towers(
  style: Style,
  [first, second]: readonly [number, number],
): ArchitecturePlugin {
  return {
    kind: "architecture",
    name: `arch-towers-${style}`,
    contract: CONTRACT,
    create: (scope) => {
      const random = scope.random("weights");
      const parameters: Parameter[] = [];
      const make = (name: string, tasks: readonly string[], shape: readonly number[]): Variable => {
        const size = shape.reduce((a, b) => a * b, 1);
        const scale = 1 / Math.sqrt(shape[0]);
        const values = Float32Array.from({ length: size }, () => scale * random.normal());
        const variable = scope.variable(() => tf.tensor(values, [...shape]));
        const role = name.split("/")[0];
        parameters.push({ name, variable, tasks, ...(tasks.length === 1 && { role }) });
        return variable;
      };
      const [w1, b1] = [make("w1", scope.tasks, [WIDTH, first]), make("b1", scope.tasks, [first])];
      const [w2, b2] = [
        make("w2", scope.tasks, [first, second]),
        make("b2", scope.tasks, [second]),
      ];
      const own = scope.tasks.map((task) => ({
        task,
        kernel: make(`kernel/${task}`, [task], [second, TOWER]),
        bias: make(`bias/${task}`, [task], [TOWER]),
        out: make(`out/${task}`, [task], [TOWER, 1]),
        offset: make(`offset/${task}`, [task], [1]),
      }));
      const stacked = (role: "kernel" | "bias" | "out" | "offset"): Tensor =>
        tf.stack(own.map((tower) => tower[role]));
      const dense = (x: Tensor, kernel: Variable, bias: Variable): Tensor =>
        tf.add(tf.matMul(x as Tensor2D, kernel as Tensor2D), bias);
      return {
        parameters,
        lastShared: [w2, b2],
        forward: (x) => {
          const h = tf.relu(dense(tf.relu(dense(x as Tensor, w1, b1)), w2, b2));
          if (style === "separate") {
            return Object.fromEntries(
              own.map(({ task, kernel, bias, out, offset }) => [
                task,
                dense(tf.relu(dense(h, kernel, bias)), out, offset),
              ]),
            );
          }
          const all = tf.tile<Tensor3D>(tf.expandDims(h), [own.length, 1, 1]);
          const z = tf.relu(
            tf.add(
              tf.matMul(all, stacked("kernel") as Tensor3D),
              tf.expandDims(stacked("bias"), 1),
            ),
          );
          const scores = tf.add(
            tf.matMul(z as Tensor3D, stacked("out") as Tensor3D),
            tf.expandDims(stacked("offset"), 1),
          );
          return Object.fromEntries(tf.unstack(scores).map((score, k) => [own[k].task, score]));
        },
      };
    },
  };
}

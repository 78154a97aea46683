import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT, type Parameter } from "@polytask/core";

/**
 * A small network to try other parts on: one shared layer of 5 tanh units, exposed as "shared"; per task a layer of 4, of
 * one shape for all tasks, and a linear head. Several tensors of every kind of owner; smooth everywhere.
 */
export function plainModel(): ArchitecturePlugin {
  return {
    kind: "architecture",
    name: "arch-plain",
    contract: CONTRACT,
    create: (scope) => {
      const random = scope.random("weights");
      const parameters: Parameter[] = [];
      const dense = (
        name: string,
        role: string,
        inputs: number,
        units: number,
        tasks: readonly string[],
      ) => {
        const make = (part: string, shape: number[]): Tensor => {
          const values = Float32Array.from(
            { length: shape.reduce((a, b) => a * b, 1) },
            () => 0.5 * random.normal(),
          );
          const variable = scope.variable(() => tf.tensor(values, shape));
          parameters.push({
            name: `${name}/${part}`,
            variable,
            tasks,
            ...(tasks.length === 1 && { role: `${role}/${part}` }),
          });
          return variable;
        };
        const [kernel, bias] = [make("kernel", [inputs, units]), make("bias", [units])];
        return (x: Tensor): Tensor => tf.add(tf.matMul(x as Tensor2D, kernel as Tensor2D), bias);
      };
      const [width] = scope.inputs as readonly number[];
      const shared = dense("shared", "shared", width, 5, scope.tasks);
      const towers = scope.tasks.map((name) => ({
        name,
        hidden: dense(`tower/${name}`, "tower", 5, 4, [name]),
        head: dense(`head/${name}`, "head", 4, scope.task(name).units, [name]),
      }));
      return {
        parameters,
        lastShared: parameters.slice(0, 2).map(({ variable }) => variable),
        forward: (inputs, pass) => {
          const h = pass.expose("shared", tf.tanh(shared(inputs as Tensor)));
          const wanted = towers.filter(({ name }) => pass.tasks.includes(name));
          return Object.fromEntries(
            wanted.map(({ name, hidden, head }) => [name, head(tf.tanh(hidden(h)))]),
          );
        },
      };
    },
  };
}

import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import type { ArchitectureScope, Parameter, Random } from "@polytask/core";

type Layer = (x: Tensor) => Tensor;

export interface Layers {
  readonly parameters: Parameter[];
  readonly dense: (name: string, inputs: number, units: number, tasks: readonly string[]) => Layer;
}

/** Dense layers whose kernels and biases go into one list. */
export const layers = (
  scope: ArchitectureScope,
  random: Random = scope.random("weights"),
): Layers => {
  const parameters: Parameter[] = [];
  const dense: Layers["dense"] = (name, inputs, units, tasks) => {
    const values = Array.from({ length: inputs * units }, () => 0.5 * random.normal());
    const kernel = scope.variable(() => tf.tensor2d(values, [inputs, units]));
    const bias = scope.variable(() => tf.zeros([units]));
    parameters.push(
      { name: `${name}/kernel`, variable: kernel, tasks },
      { name: `${name}/bias`, variable: bias, tasks },
    );
    return (x) => tf.add(tf.matMul(x as Tensor2D, kernel as Tensor as Tensor2D), bias);
  };
  return { parameters, dense };
};

import { constant } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor3D, Tensor4D, Tensor5D } from "@tensorflow/tfjs";

// What the cases are written with: fixed tensors, and tfjs's types for tensors of a rank.

export const ids = (values: number[]): Tensor1D => constant(() => tf.tensor1d(values, "int32"));

export const idsOf = <T extends Tensor>(shape: number[], values: number[]): T =>
  constant(() => tf.tensor(values, shape, "int32")) as T;

export const truths = (shape: number[], values: number[]): Tensor =>
  constant(() => tf.tensor(values, shape, "bool"));

export const numbers = (values: number[], shape: number[] = [values.length]): Tensor =>
  constant(() => tf.tensor(values, shape));

export const t3 = (x: Tensor): Tensor3D => x as Tensor3D;
export const t4 = (x: Tensor): Tensor4D => x as Tensor4D;
export const t5 = (x: Tensor): Tensor5D => x as Tensor5D;

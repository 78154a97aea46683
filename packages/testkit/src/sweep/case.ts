import { constant } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor } from "@tensorflow/tfjs";

/** A function of tensors, and the numbers to differentiate it at. */
export interface GradientCase {
  readonly group: string;
  /** Unique within its group. */
  readonly name: string;
  /** Ordinary differentiable tfjs ops, traced: tensors made of fixed numbers are made in `constant`. */
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly CaseInput[];
  /** How exact the gradient must be, where float32 is not what every backend computes with. */
  readonly tolerance?: number;
}

export interface CaseInput {
  readonly shape: readonly number[];
  /** At least 1/4 from every number, and from every other one, where f has a kink. */
  readonly values: Float32Array;
}

/** What an input's numbers are like, none of them random. */
export type CaseValues =
  /** Between −1.7 and 1.7. */
  | "any"
  /** Between 1 and 2.7. */
  | "positive"
  /** Between −0.7 and 0.7. */
  | "small"
  /** Multiples of 1/2 around 0, each once; those of every other input moved by 1/4. */
  | "distinct"
  /** The same, all below 0. */
  | "negative";

export interface CaseOptions {
  readonly f: GradientCase["f"];
  readonly shapes: readonly (readonly number[])[];
  /** Of all inputs, or of each. Default "any". */
  readonly values?: CaseValues | readonly CaseValues[];
  /** Where f has a kink or a jump: numbers keep 1/4 away. They lie 1/2 apart at least. */
  readonly clearOf?: readonly number[];
  /** Default: float32. */
  readonly tolerance?: number;
}

/** The cases of a group, by name. */
export type CaseGroup = Readonly<Record<string, CaseOptions>>;

/** Makes a case of the sweep. */
export function gradientCase(group: string, name: string, options: CaseOptions): GradientCase {
  const { f, shapes, values = "any", clearOf = [], tolerance } = options;
  const inputs = shapes.map((shape, k) => ({
    shape,
    values: draw(typeof values === "string" ? values : values[k], shape, k).map((value) =>
      keepAway(value, clearOf),
    ),
  }));
  return { group, name, f, inputs, ...(tolerance !== undefined && { tolerance }) };
}

/** "pooling: max pool 3-D" */
export const caseName = ({ group, name }: GradientCase): string => `${group}: ${name}`;

/** Σ w·f, by which every number of f's result has a say of its own. Traced. */
export const objective =
  ({ f }: GradientCase) =>
  (...inputs: Tensor[]): Scalar => {
    const y = f(...inputs);
    return tf.sum(tf.mul(y, weightsOf(y.shape)));
  };

const weightsOf = (shape: number[]): Tensor =>
  constant(() => tf.tensor(caseWeights(sizeOf(shape)), shape));

/** The weights w: uneven, of either sign. */
export const caseWeights = (length: number): Float32Array => wave(length, 9);

export const caseTensors = ({ inputs }: GradientCase): Tensor[] =>
  inputs.map(({ shape, values }) => tf.tensor(values, [...shape]));

const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, length) => product * length, 1);

function draw(values: CaseValues, shape: readonly number[], k: number): Float32Array {
  const raw = wave(sizeOf(shape), k + 1);
  if (values === "any") return raw;
  if (values === "small") return raw.map((value) => (0.7 * value) / 1.7);
  if (values === "positive") return raw.map((value) => 1.85 + value / 2);
  const ranked = [...raw.keys()].sort((i, j) => raw[i] - raw[j]);
  const above = values === "negative" ? raw.length : Math.floor(raw.length / 2);
  const out = new Float32Array(raw.length);
  ranked.forEach((at, rank) => {
    out[at] = (rank - above) / 2 + (k % 2) / 4;
  });
  return out;
}

/** Numbers that look random and are the same in every run. */
const wave = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 1.7 * Math.sin((i + 1) * (12.9898 + 3.1 * seed) + seed));

function keepAway(value: number, kinks: readonly number[]): number {
  const near = kinks.find((kink) => Math.abs(value - kink) < 1 / 4);
  return near === undefined ? value : near + (value < near ? -1 / 4 : 1 / 4);
}

import type { Pass } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Layer } from "./layers-check.ts";
import { type Undo, replace } from "./replace.ts";

type Noise = (layer: NoisyLayer, x: Tensor, pass: Pass) => Tensor;

/** What these functions read of a layer, most of it private to tf.layers. */
interface NoisyLayer {
  readonly rate: number;
  readonly stddev: number;
  readonly noiseShape?: readonly (number | null)[] | null;
  readonly getNoiseShape?: (x: Tensor) => readonly number[] | null | undefined;
}

interface Cell {
  dropoutMask: Tensor | Tensor[] | null;
  recurrentDropoutMask: Tensor | Tensor[] | null;
}

/** In training, by class: what tf.layers computes, with noise from the pass. */
export const noises: Readonly<Record<string, Noise>> = {
  Dropout: dropped,
  SpatialDropout1D: dropped,
  /** x + N(0, stddev²) */
  GaussianNoise: ({ stddev }, x, pass) => tf.add(x, tf.mul(pass.noise(x.shape, "normal"), stddev)),
  /** x · N(1, rate/(1 − rate)) */
  GaussianDropout: ({ rate }, x, pass) =>
    isRate(rate)
      ? tf.mul(x, tf.add(tf.mul(pass.noise(x.shape, "normal"), Math.sqrt(rate / (1 - rate))), 1))
      : x,
  /** a·(x·m + α′·(1 − m)) + b, which keeps mean and variance after SELU. */
  AlphaDropout: ({ rate, noiseShape }, x, pass) => {
    if (!isRate(rate)) return x;
    const floor = -1.6732632423543772 * 1.0507009873554805;
    const a = ((1 - rate) * (1 + rate * floor ** 2)) ** -0.5;
    const m = mask(pass, (noiseShape as readonly number[] | undefined) ?? x.shape, rate);
    return tf.add(tf.mul(tf.add(tf.mul(x, m), tf.mul(tf.sub(1, m), floor)), a), -a * floor * rate);
  },
};

/** Recurrent cells, which drop out inputs and states with one mask for all times. */
export const cells: readonly string[] = ["SimpleRNNCell", "GRUCell", "LSTMCell", "ConvLSTM2DCell"];

/** Until undone, these layers draw from the pass. */
export function drawingFrom(pass: Pass, layers: readonly Layer[]): Undo {
  const undo: Undo[] = [];
  for (const layer of layers) {
    const kind = layer.getClassName();
    if (kind in noises) {
      undo.push(
        replace(layer, "call", (inputs: Tensor | Tensor[]) => {
          const x = Array.isArray(inputs) ? inputs[0] : inputs;
          return pass.training ? noises[kind](layer as unknown as NoisyLayer, x, pass) : x;
        }),
      );
    } else if (cells.includes(kind)) {
      const cell = layer as unknown as Cell;
      // A cell keeps its masks until its own layer's next call, which in an RNN of cells never clears them.
      dropMasks(cell);
      undo.push(
        replace(layer as { dropoutFunc?: unknown }, "dropoutFunc", (x: Tensor, rate: number) =>
          tf.div(mask(pass, x.shape, rate), 1 - rate),
        ),
        () => {
          dropMasks(cell);
        },
      );
    }
  }
  return () => {
    for (const step of undo) step();
  };
}

function dropped(layer: NoisyLayer, x: Tensor, pass: Pass): Tensor {
  if (!isRate(layer.rate)) return x;
  const shape = layer.getNoiseShape?.(x) ?? x.shape;
  return tf.mul(x, tf.div(mask(pass, shape, layer.rate), 1 - layer.rate));
}

/** tf.layers leaves x as it is at rates 0 and 1. */
const isRate = (rate: number): boolean => rate > 0 && rate < 1;

/** 1 with probability 1 − rate, else 0. */
const mask = (pass: Pass, shape: readonly number[], rate: number): Tensor =>
  tf.cast(tf.greaterEqual(pass.noise(shape), rate), "float32");

function dropMasks(cell: Cell): void {
  tf.dispose([cell.dropoutMask, cell.recurrentDropoutMask].flatMap((mask) => mask ?? []));
  cell.dropoutMask = null;
  cell.recurrentDropoutMask = null;
}

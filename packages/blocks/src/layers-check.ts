import { PolytaskError } from "@polytask/core";
import type { layers as tfLayers, LayersModel } from "@tensorflow/tfjs";
import { cells, noises } from "./layers-noise.ts";

/** A layer of tf.layers. */
export type Layer = tfLayers.Layer;

/** tf.layers' own classes whose output is a function of inputs and weights alone. */
const pureClasses: readonly string[] = [
  ...["Model", "Functional", "Sequential", "InputLayer", "TimeDistributed", "Bidirectional"],
  ...["RNN", "StackedRNNCells", "SimpleRNN", "GRU", "LSTM", "ConvLSTM2D"],
  ...[
    "Dense",
    "Embedding",
    "Activation",
    "Flatten",
    "RepeatVector",
    "Reshape",
    "Permute",
    "Masking",
  ],
  ...["ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Softmax"],
  ...["Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"],
  ...["Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose"],
  ...["SeparableConv2D", "DepthwiseConv2D", "Cropping2D", "UpSampling2D", "ZeroPadding2D"],
  ...["MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"],
  ...["AveragePooling1D", "AveragePooling2D", "AveragePooling3D"],
  ...["GlobalAveragePooling1D", "GlobalAveragePooling2D"],
  ...["BatchNormalization", "LayerNormalization"],
  ...["CategoryEncoding", "Rescaling", "Resizing", "CenterCrop"],
];

/** The fields by which a layer holds others. */
interface Holder {
  readonly layers?: readonly Layer[];
  readonly layer?: Layer;
  readonly forwardLayer?: Layer;
  readonly backwardLayer?: Layer;
  readonly cell?: Layer;
  readonly cells?: readonly Layer[];
}

/** A model or layer and all layers inside it, each once. */
export function collectLayers(root: LayersModel | Layer): readonly Layer[] {
  const found = new Set<Layer>();
  const visit = (layer: Layer | undefined): void => {
    if (!layer || found.has(layer)) return;
    found.add(layer);
    const holder = layer as unknown as Holder;
    [...(holder.layers ?? []), ...(holder.cells ?? [])].forEach(visit);
    [holder.layer, holder.forwardLayer, holder.backwardLayer, holder.cell].forEach(visit);
  };
  visit(root);
  return [...found];
}

/** @throws POLYTASK_OPTION for a layer that a step cannot carry. */
export function checkLayers(who: string, layers: readonly Layer[], pure: readonly string[]): void {
  for (const layer of layers) {
    const kind = layer.getClassName();
    const refuse = (required: string, found: string, remedy: string): PolytaskError =>
      new PolytaskError({
        code: "POLYTASK_OPTION",
        who,
        required,
        found: `layer "${layer.name}" (${kind}) ${found}`,
        remedy,
      });

    if (![...pureClasses, ...Object.keys(noises), ...cells, ...pure].includes(kind)) {
      throw refuse(
        "every layer must be a function of inputs, weights and the pass's noise",
        "is not one that is known to be",
        `If its call draws no random number and keeps nothing for the next call, list it: pure: ["${kind}"]; if not, write it as a block.`,
      );
    }
    if (layer.stateful) {
      throw refuse(
        "no layer may carry state from one batch to the next",
        "is stateful",
        "Make it with stateful: false.",
      );
    }
    if (layer.losses.length > 0) {
      throw refuse(
        "penalties are parts of the trainer",
        "has a weight regularizer, which would be dropped in silence",
        "Remove it, and pass a regularizer plugin to createTrainer.",
      );
    }
    if (hasConstraint(layer)) {
      throw refuse(
        "weights are moved by the trainer's optimizer",
        "has a weight constraint, which would be dropped in silence",
        "Remove it.",
      );
    }
    if (kind === "BatchNormalization" && !isWhole(layer)) {
      throw refuse(
        "tfjs trains batch normalisation only with both scale and center",
        "lacks one of them",
        "Make it with scale and center, or use the block batchNorm.",
      );
    }
  }
}

const hasConstraint = (layer: Layer): boolean =>
  Object.entries(layer).some(([key, value]) => key.endsWith("Constraint") && value != null);

function isWhole(layer: Layer): boolean {
  const { scale, center } = layer as unknown as {
    readonly scale: boolean;
    readonly center: boolean;
  };
  return scale && center;
}

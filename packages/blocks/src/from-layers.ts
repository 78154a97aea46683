import { badOption, constant, type Pass, type Scope } from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { LayerVariable, LayersModel, Tensor, Variable } from "@tensorflow/tfjs";
import type { Block, BlockOptions } from "./block.ts";
import { checkLayers, collectLayers, type Layer } from "./layers-check.ts";
import { weightNames } from "./layers-names.ts";
import { drawingFrom } from "./layers-noise.ts";
import { type Undo, replace } from "./replace.ts";

export interface FromLayersOptions<Name extends string = string> extends BlockOptions<Name> {
  /** Shape of one example; needed only for a layer that was not applied yet. */
  readonly inputShape?: readonly number[];
  /** Class names of layers that are not tf.layers' own and that you vouch for: no random draw, nothing kept between calls. */
  readonly pure?: readonly string[];
}

/** A block that also takes several inputs, as a list in the model's order. */
export interface LayersBlock<Name extends string = string> extends Block<Name> {
  readonly forward: (x: Tensor | readonly Tensor[], pass: Pass<Name>) => Tensor;
}

/**
 * A tf.layers model, or one layer, as a block: y = model(x), a pure function of x, weights and noise.
 *
 * tf.layers keeps state and draws random numbers inside `apply`. During a pass these go where Polytask wants them:
 * every variable that a layer writes (the moving statistics of batch normalisation) becomes one `pass.assign`, however
 * often it is written; dropout and noise layers, also inside recurrent cells, draw from `pass.noise`. Between passes
 * the model is as it was. Trainable weights are the parameters, all others the buffers, called
 * "<name>/<layer>/<weight>"; layers that were not named by hand are numbered within this block, so that the same model
 * made again has the same names.
 *
 * The starting weights are those the model has: its initialisers draw from tfjs, so give them seeds of your own. The
 * block takes the model over: its weights are disposed with the trainer, and no second block may use them.
 *
 * x as the model's input (a list for several), one output [batch, …] out, float32.
 *
 * @throws POLYTASK_OPTION for a model of several outputs, of unknown sizes, or in use elsewhere, and for layers that a
 * step cannot carry: stateful ones, ones with a weight constraint or regularizer, ones that are not tf.layers' own and
 * not listed in `pure`.
 */
export function fromLayers<Name extends string>(
  scope: Scope<Name>,
  model: LayersModel | Layer,
  options: FromLayersOptions<NoInfer<Name>>,
): LayersBlock<Name> {
  const { name, tasks, role, inputShape, pure = [] } = options;
  const who = `fromLayers "${name}"`;
  const layers = collectLayers(model);
  const taken = model.weights.find((weight) => claimed.has(weight));
  if (taken) {
    const found = `one whose weight "${taken.originalName}" another block uses`;
    throw badOption(who, "model", "a model of its own, made anew for every trainer", found);
  }
  const variables = new Map<LayerVariable, Variable>();
  const take = (): void => {
    for (const weight of model.weights) {
      claimed.add(weight);
      // tf.layers types the value of a weight as a tensor; it is a variable.
      variables.set(weight, weight.read() as Variable);
    }
  };
  const free = (): void => {
    for (const variable of variables.values()) if (!variable.isDisposed) variable.dispose();
  };
  take();
  let shape: readonly number[];
  try {
    scope.onDispose(free);
    checkLayers(who, layers, pure);
    if (!isModel(model) && model.inboundNodes.length === 0) {
      if (!inputShape)
        throw badOption(who, "inputShape", "given for a layer without weights", inputShape);
      model.apply(tf.input({ shape: [...inputShape] }));
      take();
    }
    shape = outputShape(who, model);
  } catch (error) {
    free();
    throw error;
  }

  const rows = new Set(layers.filter(isEmbedding).flatMap((layer) => layer.weights));
  const trained = new Set(model.trainableWeights);
  const named = [...weightNames(model)].flatMap(([weight, leaf]) => {
    const variable = variables.get(weight);
    return variable ? [{ weight, leaf, name: `${name}/${leaf}`, variable }] : [];
  });

  return {
    parameters: named
      .filter(({ weight }) => trained.has(weight))
      .map(({ weight, leaf, name, variable }) => ({
        name,
        variable,
        tasks,
        ...(role === undefined ? {} : { role: `${role}/${leaf}` }),
        ...(rows.has(weight) ? { layout: "rows" } : {}),
      })),
    buffers: named
      .filter(({ weight }) => !trained.has(weight))
      .map(({ name, variable }) => ({ name, variable })),
    shape,
    forward: (x, pass) => {
      const undo: Undo[] = [];
      try {
        undo.push(drawingFrom(pass, layers));
        const { written, stop } = collectingWrites([...variables.keys()]);
        undo.push(stop);
        const inputs = Array.isArray(x) ? [...(x as readonly Tensor[])] : (x as Tensor);
        // State and noise have been taken out: what tensors layers still make of numbers are the same in every step.
        const y = constant(() => model.apply(inputs, { training: pass.training }) as Tensor);
        // Cloned here, outside the layers' own tidies, so that the value lives as long as the pass.
        for (const [weight, variable] of variables) {
          const value = written.get(weight);
          if (value) pass.assign(variable, tf.clone(value));
        }
        return y;
      } finally {
        for (const step of undo.reverse()) step();
      }
    },
  };
}

/** Until stopped, weights keep their values: a write is remembered, and reads in the same pass see it. */
function collectingWrites(weights: readonly LayerVariable[]): {
  readonly written: ReadonlyMap<LayerVariable, Tensor>;
  readonly stop: Undo;
} {
  const written = new Map<LayerVariable, Tensor>();
  const undo = weights.flatMap((weight) => {
    const read = weight.read.bind(weight);
    return [
      replace(weight, "read", () => written.get(weight) ?? read()),
      replace(weight, "write", (value: Tensor) => {
        const before = written.get(weight);
        written.set(weight, tf.keep(tf.clone(value)));
        before?.dispose();
        return weight;
      }),
    ];
  });
  return {
    written,
    stop: () => {
      for (const step of undo) step();
      tf.dispose([...written.values()]);
    },
  };
}

const isEmbedding = (layer: Layer): boolean => layer.getClassName() === "Embedding";

/** Weights that some block has taken over: two that moved the same weights would undo each other's work. */
const claimed = new WeakSet<LayerVariable>();

const isModel = (model: LayersModel | Layer): model is LayersModel => "layers" in model;

function outputShape(who: string, model: LayersModel | Layer): number[] {
  const shapes = isModel(model) ? model.outputs.map(({ shape }) => shape) : [model.outputShape];
  if (shapes.length !== 1) {
    throw badOption(who, "model", "a model of one output", `${shapes.length} outputs`);
  }
  const [, ...axes] = shapes[0] as (number | null)[];
  const known = axes.filter((axis) => axis !== null);
  if (known.length < axes.length) {
    throw badOption(who, "model", "a model whose output has fixed sizes", ["batch", ...axes]);
  }
  return known;
}

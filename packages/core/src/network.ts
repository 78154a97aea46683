import type { Model, NamedVariable, Parameter } from "./architecture.ts";
import type { Encoder } from "./encoder.ts";
import type { Optimizer, ParameterInfo } from "./optimizer.ts";
import type { Reducer } from "./reducer.ts";
import type { Regularizer } from "./regularizer.ts";
import type { Surgery } from "./surgery.ts";
import type { PerTask, Task } from "./tasks.ts";
import type { Weighting } from "./weighting.ts";
import type { Random } from "./random.ts";

/** A parameter and the part it belongs to. */
export interface OwnedParameter<Name extends string = string> extends Parameter<Name> {
  readonly info: ParameterInfo;
}

/** All made parts of one trainer, checked: what an engine executes. */
export interface Network<Name extends string = string> {
  readonly tasks: readonly Name[];
  readonly task: PerTask<Name, Task>;
  readonly encoder: Encoder<Name>;
  readonly model: Model<Name>;
  readonly weighting: Weighting<Name>;
  readonly surgeries: readonly Surgery<Name>[];
  readonly regularizers: readonly Regularizer<Name>[];
  readonly optimizer: Optimizer;
  readonly reducer: Reducer;
  /** The plugin name of a made part, for errors. */
  readonly nameOf: (part: object) => string;
  /** Encoder's and model's parameters: what losses depend on. */
  readonly parameters: readonly OwnedParameter<Name>[];
  /** Trained variables of the weighting and the regularizers. */
  readonly extras: readonly OwnedParameter<Name>[];
  /** Variables that are saved but have no gradient, under the names of their checkpoint entries. */
  readonly buffers: readonly NamedVariable[];
  /** Which of the optional results some part needs. */
  readonly needs: {
    readonly lastSharedNorms: boolean;
    readonly gramian: boolean;
    readonly activations: readonly string[];
  };
  /** The stream that `pass.noise` draws from in training. */
  readonly noise: Random;
}

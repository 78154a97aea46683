import type { ArchitecturePlugin } from "./architecture.ts";
import type { EncoderPlugin } from "./encoder.ts";
import type { EnginePlugin } from "./engine.ts";
import type { ObserverPlugin } from "./observer.ts";
import type { OptimizerPlugin } from "./optimizer.ts";
import type { ReducerPlugin } from "./reducer.ts";
import type { RegularizerPlugin } from "./regularizer.ts";
import type { SamplerPlugin } from "./sampler.ts";
import type { SurgeryPlugin } from "./surgery.ts";
import type { WeightingPlugin } from "./weighting.ts";

/** The parts of a trainer. Only the architecture has no default. */
export interface Parts<Name extends string = string> {
  readonly architecture: ArchitecturePlugin<Name>;
  /** Default: no inputs at all, which suits only models that read none. */
  readonly encoder?: EncoderPlugin<Name>;
  /** Default: `equal()`, the sum of the losses. */
  readonly weighting?: WeightingPlugin<Name>;
  /** Default: none, and then no per-task gradient is computed. */
  readonly surgery?: SurgeryPlugin<Name> | readonly SurgeryPlugin<Name>[];
  readonly regularizers?: readonly RegularizerPlugin<Name>[];
  /** Default: what the container binds to `optimizerToken`, else `sgd()`. */
  readonly optimizer?: OptimizerPlugin;
  /** Default: `joint()`. */
  readonly sampler?: SamplerPlugin<Name>;
  readonly observers?: readonly ObserverPlugin<Name>[];
  /** Default: `local()`. */
  readonly reducer?: ReducerPlugin;
  /** Default: `eager()`, on the tfjs backend in use. */
  readonly engine?: EnginePlugin<Name>;
}

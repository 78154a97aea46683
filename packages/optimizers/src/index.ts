export { adam, type AdamOptions, type MomentOptions } from "./adam.ts";
export { adamw, type AdamwOptions, type DecayGroup } from "./adamw.ts";
export { fromTfOptimizer, type FromTfOptimizerOptions } from "./from-tf-optimizer.ts";
export { momentum, type MomentumOptions } from "./momentum.ts";
export { type OptimizerOptions, type ParameterGroup } from "./options.ts";
export {
  constant,
  cosine,
  type CosineOptions,
  exponentialDecay,
  type ExponentialDecayOptions,
  type Schedule,
  stepDecay,
  type StepDecayOptions,
} from "./schedule.ts";

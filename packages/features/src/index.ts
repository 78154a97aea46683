export {
  type CategoricalOptions,
  features,
  type FeaturesOptions,
  type UnfittedFeatures,
} from "./features.ts";
export { type FittedFeatures, fittedFeatures } from "./fitted.ts";
export {
  type CategoricalStatistics,
  type FeatureStatistics,
  type NumericStatistics,
} from "./statistics.ts";

export { activate, type Activation, activations } from "./activation.ts";
export { type Block, type BlockOptions, type DeepBlock } from "./block.ts";
export { checkActivation, checkCount, checkRate, checkSizes } from "./checks.ts";
export { dense, type DenseOptions } from "./dense.ts";
export {
  constant,
  type Fans,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  normal,
  ones,
  uniform,
  zeros,
} from "./initializers.ts";
export { mlp, type MlpOptions } from "./mlp.ts";
export { parameter, type ParameterOptions } from "./parameter.ts";
export { experts, type ExpertsOptions } from "./experts.ts";
export { gate, type GateOptions, mixture } from "./gate.ts";
export { vectorInput } from "./inputs.ts";
export { perTask } from "./tasks.ts";
export { checkTowers, towers, type TowersOptions, type TowerSizes } from "./towers.ts";
export { batchNorm, type BatchNormOptions } from "./batch-norm.ts";
export { dropout, type DropoutOptions } from "./dropout.ts";
export { embedding, type EmbeddingOptions } from "./embedding.ts";
export { fromLayers, type FromLayersOptions, type LayersBlock } from "./from-layers.ts";
export { layerNorm, type LayerNormOptions } from "./layer-norm.ts";

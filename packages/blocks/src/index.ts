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

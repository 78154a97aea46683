export {
  type ArchitecturePlugin,
  type ArchitectureScope,
  type Inputs,
  type InputShape,
  type Model,
  type NamedVariable,
  type Outputs,
  type Parameter,
  type PartScope,
} from "./architecture.ts";
export { type Batch, type Labels } from "./batch.ts";
export { constant } from "./constant.ts";
export { createTrainer } from "./create-trainer.ts";
export {
  type Column,
  type Columns,
  type Dataset,
  type LabelColumn,
  type PartialDataset,
} from "./data.ts";
export { eager } from "./eager.ts";
export { type Encoder, type EncoderPlugin, input, type InputOptions, isShape } from "./encoder.ts";
export {
  type Applied,
  type Engine,
  type EnginePlugin,
  type EngineScope,
  type EngineState,
  type StepInfo,
} from "./engine.ts";
export {
  badData,
  badOption,
  badState,
  brokenPart,
  type ErrorParts,
  PolytaskError,
  tooFewTasks,
  unfittedEncoder,
  unknownTask,
  unmetNeed,
} from "./errors.ts";
export { columnSums, identityMatrix, type Matrix, multiply, transpose } from "./matrix.ts";
export { type Network, type OwnedParameter } from "./network.ts";
export {
  type FitPlan,
  type FitSummary,
  type Observer,
  type ObserverPlugin,
  type StopReason,
} from "./observer.ts";
export {
  type Clip,
  type ElementwiseOptimizer,
  type OpaqueOptimizer,
  type Optimizer,
  type OptimizerPlugin,
  type ParameterInfo,
  type RowUpdates,
  sgd,
  type SgdOptions,
  type UpdateKernel,
} from "./optimizer.ts";
export { type Parts } from "./parts.ts";
export { type Pass, type StepPlace } from "./pass.ts";
export { type Probes, type ProbeBatch, type ProbePlace } from "./probes.ts";
export {
  type Capability,
  CONTRACT,
  type Needs,
  type Plugin,
  type State,
  type Stateful,
} from "./plugin.ts";
export { type Random, type RandomSource, seededRandom } from "./random.ts";
export { local, type Reducer, type ReducerPlugin } from "./reducer.ts";
export {
  type ElementwiseProx,
  type GramianProx,
  type PenaltyInput,
  type Regularizer,
  type RegularizerPlugin,
} from "./regularizer.ts";
export { type EpochReport, type Evaluation, type StepReport } from "./report.ts";
export { numericRows, type Rows } from "./rows.ts";
export { joint, type Sampler, type SamplerPlugin, type SourceInfo } from "./sampler.ts";
export {
  type Clock,
  clockToken,
  type Container,
  type Logger,
  loggerToken,
  optimizerToken,
  randomToken,
  type Scope,
  type Token,
  token,
} from "./scope.ts";
export { type SourcePlace } from "./source.ts";
export { type DataState, type SavedTensor, type TrainerState } from "./state.ts";
export { chain, identity, type MixInput, type Surgery, type SurgeryPlugin } from "./surgery.ts";
export {
  binary,
  type BinaryOptions,
  type Metric,
  type MetricAccumulator,
  multiclass,
  type MulticlassOptions,
  type Noise,
  type PerTask,
  regression,
  type RegressionOptions,
  type SomeTasks,
  type Task,
} from "./tasks.ts";
export {
  type EvaluateOptions,
  type FitOptions,
  type PredictOptions,
  type Summary,
  type Trainer,
  type TrainerOptions,
} from "./trainer.ts";
export { equal, type Weighting, type WeightingPlugin } from "./weighting.ts";

export { jacobians, type JacobiansOptions } from "./arbitrary.ts";
export {
  type ApplyOptions,
  applySurgery,
  prepareSurgery,
  type Surgeries,
  type SurgeryRun,
  type SurgeryRunOptions,
  type SurgeryStepOptions,
} from "./apply.ts";
export { expectAllClose, type Numbers, type Tolerance } from "./close.ts";
export {
  compareEngines,
  compareWithRecord,
  type EngineDifferences,
  type StepDifferences,
} from "./compare-engines.ts";
export { type EngineRecord, recordSteps } from "./record-steps.ts";
export { type EngineTrial } from "./engine-trial.ts";
export { type DescribeSurgeryOptions, describeSurgery } from "./describe-surgery.ts";
export { demand, law, type Law, LawError } from "./law.ts";
export { expectNoLeak } from "./leak.ts";
export { testStep, type TestStep, type TestStepOptions } from "./pass.ts";
export {
  jacobianOf,
  type JacobianOptions,
  rotationOf,
  type Sample,
  samples,
  scales,
} from "./samples.ts";
export {
  sampleTasks,
  type ScopeState,
  tasksNamed,
  testScope,
  type TestScope,
  type TestScopeOptions,
} from "./scope.ts";
export * from "./surgery-claims.ts";
export { surgerySubject, type SurgerySubject } from "./surgery.ts";
export { type DescribeWeightingOptions, describeWeighting } from "./describe-weighting.ts";
export {
  prepareWeighting,
  type Weighed,
  type WeightingPlace,
  type WeightingRun,
  type WeightingRunOptions,
  type WeightingStep,
} from "./prepare-weighting.ts";
export * from "./weighting-claims.ts";
export { weightingSubject, type WeightingSubject } from "./weighting.ts";
export * from "./architecture-claims.ts";
export { architectureSubject, type ArchitectureSubject } from "./architecture.ts";
export { type DescribeArchitectureOptions, describeArchitecture } from "./describe-architecture.ts";
export { linearModel, type LinearModelOptions } from "./linear-model.ts";
export { plainModel } from "./plain-model.ts";
export { type DescribeRegularizerOptions, describeRegularizer } from "./describe-regularizer.ts";
export { expectGradient, finiteDifference, type GradientOptions } from "./gradient.ts";
export * from "./regularizer-claims.ts";
export { regularizerSubject, type RegularizerSubject } from "./regularizer.ts";
export { surgeryObligations } from "./surgery-obligations.ts";
export { weightingObligations } from "./weighting-obligations.ts";
export { architectureObligations } from "./architecture-obligations.ts";
export { regularizerObligations } from "./regularizer-obligations.ts";
export * from "./sweep/index.ts";
export { describeGradients, type DescribeGradientsOptions } from "./sweep/describe-gradients.ts";

export * from "./graph.ts";
export { type KernelCall, type Lowering, type Lowerings, registerLowering } from "./lowering.ts";
export * from "./node.ts";
export * as ops from "./ops/index.ts";
export { UnsupportedUse } from "./unsupported.ts";
export { trace, type Tracer } from "./trace.ts";
export {
  type GatherStep,
  type GatherWish,
  type GroupShape,
  recordGather,
  traceGather,
} from "./step/gather-step.ts";
export { type HostInput, type NoiseInput, type PassInputs } from "./step/inputs.ts";
export { type ApplyStep, type ApplyWish, traceApply } from "./step/apply-step.ts";
export { COMBINED_SPACE, type CombinedWish, rowsSpace } from "./step/combined-gradients.ts";
export { combineStep } from "./step/combine-step.ts";
export {
  type JacobianBlock,
  type Kept,
  type Layout,
  layoutOf,
  type Placed,
} from "./step/layout.ts";
export { rowBlocks } from "./step/row-blocks.ts";
export { type ScoresStep, traceScores } from "./step/scores-step.ts";
export { columnSpace, SPACE } from "./step/spaces.ts";
export { type EditStep, ROWS_SPACE, traceEdit } from "./step/edit-step.ts";
export { type ProxStep, RATE_SPACE, traceProx } from "./step/prox-step.ts";
export { slotSpace, traceUpdate, UPDATE_SPACE, type UpdateStep } from "./step/update-step.ts";
export { traceWeigh, type WeighStep } from "./step/weigh-step.ts";
export { joinTargets, splitTargets, type Target } from "./step/targets.ts";
export * from "./jacobian/vectorise.ts";
export { compareRecordings, type Entry, type Recording } from "./recording.ts";
export { type RowUpdates } from "./step/sparse.ts";
export {
  cutGramians,
  fuse,
  type FuseReport,
  optimise,
  type OptimiseReport,
} from "./passes/index.ts";

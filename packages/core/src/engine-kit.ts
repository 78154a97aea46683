/*
 * The subpath `@polytask/core/engine`: the parts of a step that are the same in every engine, for those who write one.
 * What is called traced here takes tensors and a pass and reads no value, so that it runs at once or under a tracer.
 */
export { needsRows } from "./gather.ts";
export { checkMatrix, checkPartition } from "./check-surgery.ts";
export { CONSTANT_SCOPE } from "./constant.ts";
export { brokenPart, nonFinite, nonFiniteGradient } from "./errors.ts";
export { labelledLoss, type LabelTensors, scoresOf } from "./losses.ts";
export { type ColumnLayouts, columnsOf, networkOf } from "./network-of.ts";
export { drawNoise } from "./noise.ts";
export { penaltyOf } from "./penalty.ts";
export { sizeOf } from "./rows.ts";
export { detach, type Gradients, gradientsOf, onTape } from "./tape.ts";
export { createUpdater, makeTensor, onTouchedRows, readTensor, type Updater } from "./updater.ts";
export { traceWeights, type Weighed, type Weighing } from "./weigh.ts";

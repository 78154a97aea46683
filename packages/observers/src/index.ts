export { earlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
export { history, type HistoryTargets, type Sink } from "./history.ts";
export { progress, type ProgressOptions } from "./progress.ts";
export { type TextStream } from "./display.ts";

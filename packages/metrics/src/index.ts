export { accuracy, type AccuracyOptions } from "./accuracy.ts";
export { auc } from "./auc.ts";
export { type ComparedTasks, deltaM, deltaP, type MetricValues } from "./delta.ts";
export { logLoss, type LogLossOptions } from "./log-loss.ts";
export { mae, rmse } from "./mean-error.ts";
export { r2 } from "./r2.ts";

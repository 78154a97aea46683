import {
  type ArchitecturePlugin,
  binary,
  createTrainer,
  type EpochReport,
  type Evaluation,
  regression,
  type StepReport,
} from "@polytask/core";
import { earlyStopping, history, progress } from "@polytask/observers";

const tasks = { click: binary(), value: regression() };
declare const architecture: ArchitecturePlugin<"click" | "value">;
const epochs: EpochReport<"click" | "value">[] = [];
const loose: EpochReport[] = [];
const steps: StepReport<"click" | "value">[] = [];
const others: EpochReport<"clicks">[] = [];

await createTrainer(tasks, {
  architecture,
  observers: [
    progress(),
    history(epochs),
    history(loose),
    history({ steps, epochs: loose }),
    earlyStopping({ metric: "auc", task: "click" }),
    earlyStopping({
      metric: ({ losses }) => (losses.click ?? 0) + (losses.value ?? 0),
      mode: "lower",
    }),
  ],
});

await createTrainer(tasks, {
  architecture,
  // @ts-expect-error: "clicks" is no task
  observers: [earlyStopping({ metric: "auc", task: "clicks" })],
});

await createTrainer(tasks, {
  architecture,
  observers: [
    earlyStopping({
      // @ts-expect-error: an evaluation of other tasks
      metric: (found: Evaluation<"clicks">) => found.losses.clicks ?? 0,
      mode: "lower",
    }),
  ],
});

await createTrainer(tasks, {
  architecture,
  // @ts-expect-error: reports of other tasks do not belong into this array
  observers: [history(others)],
});

// @ts-expect-error: "max" is no mode
earlyStopping<"click">({ metric: "auc", mode: "max" });

import type { Column, Columns } from "./data.ts";
import { saveTrainer, restoreTrainer } from "./checkpoint.ts";
import { badTasks, notAvailable } from "./errors.ts";
import { evaluate } from "./evaluate.ts";
import { readDataset, readInputs } from "./examples.ts";
import { fit } from "./fit.ts";
import { type Progress, startProgress } from "./progress.ts";
import { createLock } from "./lock.ts";
import { rememberNetwork } from "./network-of.ts";
import type { Parts } from "./parts.ts";
import { predictArrays, predictTensors } from "./predict.ts";
import { openScope } from "./scope.ts";
import { summarize } from "./summary.ts";
import type { PerTask, Task } from "./tasks.ts";
import type { PredictOptions, Trainer, TrainerOptions } from "./trainer.ts";
import { wire, type Wired } from "./wire.ts";

/**
 * Makes a trainer of one network for the given tasks.
 *
 * Task names come from the first argument alone, so that a wrong name in any part does not compile. Everything that can
 * be checked without data is checked here; after an error nothing is left behind.
 *
 * @throws POLYTASK_TASKS, POLYTASK_PART, POLYTASK_CONTRACT, POLYTASK_NEED, POLYTASK_TOO_FEW_TASKS, POLYTASK_BROKEN_PART,
 * POLYTASK_UNFITTED, and what the parts' own options throw.
 */
export async function createTrainer<Name extends string>(
  tasks: PerTask<Name, Task>,
  parts: Parts<NoInfer<Name>>,
  options: TrainerOptions = {},
): Promise<Trainer<Name>> {
  checkTasks(tasks);
  const root = openScope(tasks, {
    seed: options.seed ?? 0,
    ...(options.container && { container: options.container }),
  });
  let wired: Wired<Name>;
  try {
    wired = await wire(tasks, parts, root);
  } catch (error) {
    root.dispose();
    throw error;
  }
  const { network, engine } = wired;
  const clock = root.for("trainer").clock;
  const progress: Progress = startProgress();
  let busy: string | undefined;
  let disposed = false;

  const open = (call: string): void => {
    if (disposed) throw notAvailable(call, "it was disposed");
  };
  /** Calls that change the trainer run one at a time; reading between steps is harmless. */
  const alone = async <Value>(call: string, run: () => Promise<Value>): Promise<Value> => {
    open(call);
    if (busy !== undefined) throw notAvailable(call, `${busy} is still running`);
    busy = call;
    try {
      return await run();
    } finally {
      busy = undefined;
    }
  };
  const lock = createLock();
  const state = () => lock(() => saveTrainer(wired, root, progress));

  const predict = async <Wanted extends Name = Name>(
    inputs: Column | Columns,
    {
      as = "array",
      batchSize = 1024,
      tasks: wanted,
    }: PredictOptions<Wanted> & { as?: "array" | "tensor" } = {},
  ) => {
    open("predict");
    const names = (wanted ?? network.tasks) as readonly Wanted[];
    const examples = await readInputs(network, inputs, names as readonly Name[]);
    return as === "tensor"
      ? predictTensors(wired, examples, names, { place: progress, batchSize })
      : predictArrays(wired, examples, names, { place: progress, batchSize });
  };

  const dispose = async (): Promise<void> => {
    if (disposed) return;
    await alone("dispose", async () => {
      disposed = true;
      engine.dispose();
      for (const { variable } of [...network.parameters, ...network.extras, ...network.buffers]) {
        variable.dispose();
      }
      root.dispose();
      await Promise.resolve();
    });
  };

  const trainer: Trainer<Name> = {
    tasks: network.tasks,
    get step() {
      return progress.step;
    },
    get epoch() {
      return progress.epoch;
    },
    fit: (data, fitOptions) =>
      alone("fit", () => fit({ wired, root, progress, clock, lock, state }, data, fitOptions)),
    evaluate: async (data, { batchSize = 1024 } = {}) => {
      open("evaluate");
      return evaluate(wired, await readDataset(network, data, "evaluate"), progress, batchSize);
    },
    predict: predict as Trainer<Name>["predict"],
    summary: () => {
      open("summary");
      return summarize(network);
    },
    state: async () => {
      open("state");
      return state();
    },
    restore: (saved) => alone("restore", () => restoreTrainer(wired, root, progress, saved)),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
  return rememberNetwork(trainer, network);
}

function checkTasks(tasks: PerTask<string, Task>): void {
  const names = Object.keys(tasks);
  if (names.length === 0) throw badTasks("a trainer needs at least one task", "got none");
  for (const name of names) {
    const task = tasks[name] as Partial<Task> | undefined;
    if (
      typeof task?.loss !== "function" ||
      typeof task.link !== "function" ||
      !((task.units ?? 0) >= 1)
    ) {
      throw badTasks(
        "a task is made by binary(), multiclass(n), regression(), or by hand with units, loss and link",
        `"${name}" is something else`,
      );
    }
    // Names become keys of checkpoints and parts of variable names.
    if (name === "" || name.includes("/")) {
      throw badTasks('a task name must be non-empty and without "/"', `got "${name}"`);
    }
  }
}

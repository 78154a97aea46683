import { badState } from "./errors.ts";
import type { Progress } from "./progress.ts";
import type { State } from "./plugin.ts";
import type { RootScope } from "./scope.ts";
import type { SavedTensor, TrainerState } from "./state.ts";
import type { NamedVariable } from "./architecture.ts";
import { makeTensor, readTensor } from "./updater.ts";
import { OBSERVERS, type Wired } from "./wire.ts";

/** Every variable of the trainer under the name of its checkpoint entry. */
const variablesOf = <Name extends string>({ network }: Wired<Name>): readonly NamedVariable[] => [
  ...[...network.parameters, ...network.extras].map(({ info, variable }) => ({
    name: info.name,
    variable,
  })),
  ...network.buffers,
];

export async function saveTrainer<Name extends string>(
  wired: Wired<Name>,
  root: RootScope<Name>,
  progress: Progress,
): Promise<TrainerState> {
  await wired.engine.flush?.();
  const variables: Record<string, SavedTensor> = {};
  for (const { name, variable } of variablesOf(wired)) variables[name] = await readTensor(variable);
  const parts: Record<string, State> = {};
  for (const [name, part] of wired.stateful) {
    if (part.state) parts[name] = part.state();
  }
  return {
    version: 1,
    tasks: wired.network.tasks,
    step: progress.step,
    epoch: progress.epoch,
    variables,
    engine: await wired.engine.save(),
    parts,
    random: Object.fromEntries([...root.streams].map(([name, stream]) => [name, stream.state()])),
    data: progress.data,
  };
}

/** Checks everything first, so that a state of another trainer changes nothing. */
export async function restoreTrainer<Name extends string>(
  wired: Wired<Name>,
  root: RootScope<Name>,
  progress: Progress,
  state: TrainerState,
): Promise<void> {
  const variables = variablesOf(wired);
  check(wired, variables, state);
  restoreParts(wired, state);
  for (const { name, variable } of variables) {
    const value = makeTensor(state.variables[name]);
    variable.assign(value);
    value.dispose();
  }
  await wired.engine.load(state.engine);
  for (const [name, stream] of Object.entries(state.random)) root.random(name).restore(stream);
  progress.step = state.step;
  progress.epoch = state.epoch;
  progress.data = state.data;
}

/** Restores the parts' host state; where one refuses, those before it get back what they had. */
function restoreParts<Name extends string>(wired: Wired<Name>, state: TrainerState): void {
  const undo: (() => void)[] = [];
  try {
    for (const [name, part] of wired.stateful) {
      const before = part.state?.();
      if (before === undefined || !Object.hasOwn(state.parts, name)) continue;
      undo.push(() => part.restore?.(before));
      part.restore?.(state.parts[name]);
    }
  } catch (error) {
    undo.reverse().forEach((back) => {
      back();
    });
    throw error;
  }
}

function check<Name extends string>(
  wired: Wired<Name>,
  variables: readonly NamedVariable[],
  state: TrainerState,
): void {
  if ((state as Partial<TrainerState>).version !== 1) {
    throw badState("a state of version 1", `got version ${String(state.version)}`);
  }
  if (state.tasks.join() !== wired.network.tasks.join()) {
    throw badState(
      `a state of the tasks ${wired.network.tasks.join(", ")}`,
      `it is of ${state.tasks.join(", ")}`,
    );
  }
  for (const { name, variable } of variables) {
    const saved = Object.hasOwn(state.variables, name) ? state.variables[name] : undefined;
    if (saved?.shape.join() !== variable.shape.join()) {
      throw badState(
        `a value of shape [${variable.shape.join(", ")}] for "${name}"`,
        saved ? `its shape is [${saved.shape.join(", ")}]` : "there is none",
      );
    }
  }
  const known = new Set(variables.map(({ name }) => name));
  const extra = Object.keys(state.variables).find((name) => !known.has(name));
  if (extra !== undefined)
    throw badState("only variables of this trainer", `"${extra}" is of another`);
  checkSlots(wired, state);
  for (const [name, part] of wired.stateful) {
    if (part.state && !name.startsWith(OBSERVERS) && !Object.hasOwn(state.parts, name)) {
      throw badState(`a state of the part "${name}"`, "there is none");
    }
  }
}

/** The books of another optimizer are no use; one that keeps its own says so itself. */
function checkSlots<Name extends string>({ network }: Wired<Name>, { engine }: TrainerState): void {
  if (!("update" in network.optimizer)) return;
  const { slots } = network.optimizer;
  const wanted = new Map(
    [...network.parameters, ...network.extras]
      .filter(({ info }) => Object.hasOwn(engine.counts, info.name))
      .flatMap(({ info, variable }) =>
        slots.map((slot) => [`${info.name}/${slot}`, variable.shape.join()]),
      ),
  );
  const required = `the optimizer's slots: ${slots.join(", ") || "none"}`;
  for (const [name, shape] of wanted) {
    const saved = Object.hasOwn(engine.tensors, name) ? engine.tensors[name] : undefined;
    if (saved?.shape.join() === shape) continue;
    throw badState(required, saved ? `"${name}" is of another shape` : `there is no "${name}"`);
  }
  const extra = Object.keys(engine.tensors).find((name) => !wanted.has(name));
  if (extra !== undefined) throw badState(required, `"${extra}" is another optimizer's`);
}

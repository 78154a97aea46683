import { eager, type StepReport, type TrainerState } from "@polytask/core";
import {
  distance,
  gramianDistance,
  jsonDistance,
  largest,
  norm,
  sameNames,
  unitDistance,
} from "./differences.ts";
import { type EngineTrial, stateAfter, withTrial } from "./engine-trial.ts";
import { demand } from "./law.ts";
import { sameValue } from "./plugin-laws.ts";
import { type EngineRecord, recordSteps } from "./record-steps.ts";

/** The largest relative differences that were found. */
export interface StepDifferences {
  /** Of the reports' losses, weights, norms, and G, which is relative to √(G_ii·G_jj). */
  readonly reports: number;
  /** Of a parameter's gradient, relative to its norm, or to a hundredth of the largest parameter's. */
  readonly gradients: number;
  /** Of variables after a step, and of parts' numbers. */
  readonly states: number;
  readonly predictions: number;
}

export interface EngineDifferences extends StepDifferences {
  /** Of the states of runs that changed their engine half-way, from that of one that did not. */
  readonly switched: number;
}

/**
 * Holds an engine against the eager one, with a gradient descent that keeps each gradient as a slot.
 *
 * Before every step both are given one state. After it gradients, reports, variables and the parts' numbers agree
 * within the tolerance; counts, the places in the data and of all random streams, and the names in the state are the
 * same. Then predictions; and runs that change their engine half-way, in either direction.
 *
 * Returns how far apart they are, where that is near enough.
 *
 * @throws POLYTASK_LAW for the first quantity that is not.
 */
export async function compareEngines<Name extends string>(
  trial: EngineTrial<Name>,
): Promise<EngineDifferences> {
  const { steps = 6 } = trial;
  const found = await compareWithRecord(trial, await recordSteps({ ...trial, engine: eager }));
  const notes = new Notes(trial.tolerance);
  const stayed = await stateAfter(trial, steps, [eager(), eager()]);
  const left = await stateAfter(trial, steps, [eager(), trial.engine()]);
  compareStates(left, stayed, notes.of("changed from the eager engine"));
  const came = await stateAfter(trial, steps, [trial.engine(), eager()]);
  compareStates(came, stayed, notes.of("changed to the eager engine"));
  return { ...found, switched: notes.largest };
}

/**
 * Holds steps against a record of the same trial, such as `recordSteps` made on another backend of tfjs or another
 * machine: before each step the trial's engine takes up the recorded state; what is compared is as in `compareEngines`.
 *
 * @throws POLYTASK_LAW for the first quantity that is too far away.
 */
export async function compareWithRecord<Name extends string>(
  trial: EngineTrial<Name>,
  { states, reports, predictions }: EngineRecord<Name>,
): Promise<StepDifferences> {
  const { tolerance } = trial;
  const notes = {
    reports: new Notes(tolerance),
    gradients: new Notes(tolerance),
    states: new Notes(tolerance),
    predictions: new Notes(tolerance),
  };
  await withTrial(trial, trial.engine(), async ({ trainer, fitTo, predict }) => {
    for (const [step, expected] of reports.entries()) {
      await trainer.restore(structuredClone(states[step]));
      const { report, state } = await fitTo(step + 1);
      compareReports(report, expected, notes.reports.of(`report of step ${step}`));
      compareGradients(state, states[step + 1], notes.gradients.of(`gradient of step ${step}`));
      compareStates(state, states[step + 1], notes.states.of(`state after step ${step}`));
    }
    await trainer.restore(structuredClone(states[reports.length]));
    const note = notes.predictions.of("predictions");
    const found = await predict();
    for (const [name, values] of Object.entries(predictions)) {
      note(`"${name}"`, unitDistance(found[name], values));
    }
  });
  return {
    reports: notes.reports.largest,
    gradients: notes.gradients.largest,
    states: notes.states.largest,
    predictions: notes.predictions.largest,
  };
}

type Note = (what: string, difference: number) => void;

/** Differences of one kind: the largest of them, and a refusal of those that are too large. */
class Notes {
  largest = 0;
  readonly #tolerance: number;

  constructor(tolerance = 1e-5) {
    this.#tolerance = tolerance;
  }

  of(place: string): Note {
    return (what, difference) => {
      this.largest = Math.max(this.largest, difference);
      demand(
        difference <= this.#tolerance,
        `an engine must agree with the eager one to ${this.#tolerance}`,
        () => `${place}, ${what}: ${difference === Infinity ? "another" : `${difference} apart`}`,
      );
    };
  }
}

function compareReports(actual: StepReport, expected: StepReport, note: Note): void {
  for (const key of ["losses", "weights", "lastSharedNorms", "counts", "rate"] as const) {
    note(key, jsonDistance(actual[key], expected[key]));
  }
  const [a, b] = [actual.gramian, expected.gramian];
  note("gramian", a && b ? gramianDistance(a, b) : exactly(a, b));
}

function compareGradients(actual: TrainerState, expected: TrainerState, note: Note): void {
  const [a, b] = [actual.engine.tensors, expected.engine.tensors];
  note("names", exactly(sameNames(a, b), true));
  const least = largest(Object.values(b).map(({ values }) => norm(values))) / 100;
  for (const [name, { values }] of Object.entries(b)) {
    note(`"${name}"`, distance(a[name].values, values, least));
  }
}

function compareStates(actual: TrainerState, expected: TrainerState, note: Note): void {
  for (const key of ["version", "tasks", "step", "epoch", "random"] as const) {
    note(key, exactly(actual[key], expected[key]));
  }
  const { epochSums, ...place } = expected.data;
  const { epochSums: sums, ...found } = actual.data;
  note("place in the data", exactly(found, place));
  note("sums of the epoch", jsonDistance(sums, epochSums));
  note("counts of updates", exactly(actual.engine.counts, expected.engine.counts));
  note("numbers of parts", jsonDistance(actual.parts, expected.parts));
  note("names", exactly(sameNames(actual.variables, expected.variables), true));
  for (const [name, { shape, values }] of Object.entries(expected.variables)) {
    note(`shape of "${name}"`, exactly(actual.variables[name].shape, shape));
    note(`"${name}"`, unitDistance(actual.variables[name].values, values));
  }
}

const exactly = (a: unknown, b: unknown): number => (sameValue(a, b) ? 0 : Infinity);

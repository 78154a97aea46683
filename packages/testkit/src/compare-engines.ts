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
import { type EngineTrial, stateAfter, type TrialRun, withTrial } from "./engine-trial.ts";
import { demand } from "./law.ts";
import { sameValue } from "./plugin-laws.ts";

/** The largest relative differences that were found. */
export interface EngineDifferences {
  /** Of the reports' losses, weights, norms, and G, which is relative to √(G_ii·G_jj). */
  readonly reports: number;
  /** Of a parameter's gradient, relative to its norm, or to a hundredth of the largest parameter's. */
  readonly gradients: number;
  /** Of variables after a step, and of parts' numbers. */
  readonly states: number;
  readonly predictions: number;
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
  const { steps = 6, tolerance = 1e-5 } = trial;
  const found = { reports: 0, gradients: 0, states: 0, predictions: 0, switched: 0 };
  const noteIn =
    (kind: keyof EngineDifferences, place: string): Note =>
    (what, difference) => {
      found[kind] = Math.max(found[kind], difference);
      demand(
        difference <= tolerance,
        `an engine must agree with the eager one to ${tolerance}`,
        () => `${place}, ${what}: ${difference === Infinity ? "another" : `${difference} apart`}`,
      );
    };

  await withTrial(trial, eager(), (reference) =>
    withTrial(trial, trial.engine(), async (subject) => {
      for (let step = 0; step < steps; step++) {
        await takeUp(subject, reference);
        const [expected, actual] = [await reference.fitTo(step + 1), await subject.fitTo(step + 1)];
        compareReports(actual.report, expected.report, noteIn("reports", `report of step ${step}`));
        compareGradients(
          actual.state,
          expected.state,
          noteIn("gradients", `gradient of step ${step}`),
        );
        compareStates(actual.state, expected.state, noteIn("states", `state after step ${step}`));
      }
      await takeUp(subject, reference);
      const [expected, actual] = [await reference.predict(), await subject.predict()];
      const note = noteIn("predictions", "predictions");
      for (const [name, values] of Object.entries(expected)) {
        note(`"${name}"`, unitDistance(actual[name], values));
      }
    }),
  );

  const stayed = await stateAfter(trial, steps, [eager(), eager()]);
  const left = await stateAfter(trial, steps, [eager(), trial.engine()]);
  compareStates(left, stayed, noteIn("switched", "changed from the eager engine"));
  const came = await stateAfter(trial, steps, [trial.engine(), eager()]);
  compareStates(came, stayed, noteIn("switched", "changed to the eager engine"));
  return found;
}

type Note = (what: string, difference: number) => void;

const takeUp = async <Name extends string>(
  subject: TrialRun<Name>,
  reference: TrialRun<Name>,
): Promise<void> => {
  await subject.trainer.restore(structuredClone(await reference.trainer.state()));
};

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

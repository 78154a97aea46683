import type { StepReport, TrainerState } from "@polytask/core";
import { type EngineTrial, withTrial } from "./engine-trial.ts";

/** A trial's steps, to hold others against. */
export interface EngineRecord<Name extends string> {
  /** Before the first step, and after each. */
  readonly states: readonly TrainerState[];
  readonly reports: readonly StepReport<Name>[];
  /** After the last step. */
  readonly predictions: Readonly<Record<string, Float32Array>>;
}

/** Takes the trial's steps with its engine, on the tfjs backend in use. */
export const recordSteps = <Name extends string>(
  trial: EngineTrial<Name>,
): Promise<EngineRecord<Name>> =>
  withTrial(trial, trial.engine(), async ({ trainer, fitTo, predict }) => {
    const { steps = 6 } = trial;
    const states = [structuredClone(await trainer.state())];
    const reports: StepReport<Name>[] = [];
    for (let step = 1; step <= steps; step++) {
      const { report, state } = await fitTo(step);
      reports.push(report);
      states.push(structuredClone(state));
    }
    return { states, reports, predictions: await predict() };
  });

import type { EpochReport, StepReport } from "@polytask/core";
import { history } from "@polytask/observers";
import { expect, it } from "vitest";
import { epochReport, make, type Name, plan, stepReport } from "./support.ts";

it("keeps epochs in an array", async () => {
  const epochs: EpochReport<Name>[] = [];
  const observer = await make(history<Name>(epochs));
  const reports = [epochReport(0), epochReport(1)];
  observer.step?.(stepReport(0));
  for (const report of reports) await observer.epoch?.(report);
  expect(epochs).toEqual(reports);
});

it("keeps steps and epochs, over several runs", async () => {
  const steps: StepReport<Name>[] = [];
  const epochs: EpochReport<Name>[] = [];
  const observer = await make(history<Name>({ steps, epochs }));
  for (const step of [0, 1, 2]) {
    observer.start?.(plan());
    observer.step?.(stepReport(step));
    await observer.epoch?.(epochReport(step));
    observer.end?.();
  }
  expect(steps.map(({ step }) => step)).toEqual([0, 1, 2]);
  expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
});

it("takes anything that can be pushed to, and only that", async () => {
  const steps: number[] = [];
  const observer = await make(history<Name>({ steps: { push: ({ step }) => steps.push(step) } }));
  expect(observer.step?.(stepReport(7))).toBeUndefined();
  expect(steps).toEqual([7]);
  // @ts-expect-error: a number cannot be pushed to
  expect(() => history({ steps: 3 })).toThrow("POLYTASK_OPTION");
});

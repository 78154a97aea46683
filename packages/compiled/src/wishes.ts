import type { Network, StepInfo } from "@polytask/core";

/** What every trainer's steps need at least. */
export const ONE_GROUP: StepInfo = { step: 0, epoch: 0, counts: [], groups: 1 };

/** Whether a step's gradients have a part that belongs to no task. */
export const hasPenalties = <Name extends string>({
  model,
  regularizers,
}: Network<Name>): boolean =>
  model.penalty !== undefined || regularizers.some(({ penalty }) => penalty !== undefined);

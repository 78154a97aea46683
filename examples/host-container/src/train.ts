import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  binary,
  type Container,
  createTrainer,
  type Dataset,
  eager,
  type EnginePlugin,
  input,
  type ObserverPlugin,
  regression,
  type Trainer,
} from "@polytask/core";

export type HostTask = "sum" | "larger";

/** Pairs of numbers; tasks: their sum, and whether the first is larger. */
export const pairs: Dataset<HostTask> = {
  inputs: [
    [0.2, 0.8],
    [0.9, 0.1],
    [0.4, 0.5],
    [0.7, 0.3],
    [0.1, 0.6],
    [0.8, 0.9],
  ],
  labels: { sum: [1, 1, 0.9, 1, 0.7, 1.7], larger: [0, 1, 0, 1, 0, 0] },
};

/** A trainer that takes clock, logger, random source and optimizer from the container: the parts name none of them. */
export const makeTrainer = (
  container: Container,
  observers: readonly ObserverPlugin<HostTask>[],
  engine: EnginePlugin<HostTask> = eager(),
): Promise<Trainer<HostTask>> =>
  createTrainer(
    { sum: regression(), larger: binary() },
    { encoder: input([2]), architecture: sharedBottom({ hidden: [4] }), observers, engine },
    { container },
  );

/** All trained numbers of a trainer, in one list. */
export async function weightsOf(trainer: Trainer<HostTask>): Promise<number[]> {
  const { variables } = await trainer.state();
  return Object.values(variables).flatMap(({ values }) => Array.from(values));
}

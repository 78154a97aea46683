import { mmoe } from "@polytask/arch-mmoe";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  type ArchitecturePlugin,
  createTrainer,
  type Dataset,
  eager,
  type EnginePlugin,
  input,
  regression,
} from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { synthetic } from "./data.ts";

export type SyntheticTask = "first" | "second";

/** What both networks are given alike. */
export interface Budget {
  /** Training examples; held-out examples come on top. */
  readonly rows: number;
  readonly heldOut: number;
  readonly epochs: number;
  /** At most so many, however many epochs. */
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Default: op by op on the tfjs backend in use. */
  readonly engine?: EnginePlugin<SyntheticTask>;
}

/** The two networks of the paper, of about the same size: 100 inputs, and on top of either a tower of 8 per task. */
export const networks = {
  "shared bottom": (): ArchitecturePlugin<SyntheticTask> =>
    sharedBottom({ hidden: [113], towers: [8] }),
  MMoE: (): ArchitecturePlugin<SyntheticTask> => mmoe({ experts: 8, hidden: [16], towers: [8] }),
} as const;
export type NetworkName = keyof typeof networks;

/** Trains a network on the problem of one relatedness p and one seed: its held-out loss, the mean of both tasks. */
export async function finalLoss(
  network: NetworkName,
  { p, seed }: { readonly p: number; readonly seed: number },
  { rows, heldOut, learningRate, engine = eager(), ...limits }: Budget,
): Promise<number> {
  const { inputs, labels, d } = synthetic({ p, seed, rows: rows + heldOut, d: 100 });
  const part = (from: number, to: number): Dataset<SyntheticTask> => ({
    inputs: inputs.subarray(from * d, to * d),
    labels: {
      first: labels.first.subarray(from, to),
      second: labels.second.subarray(from, to),
    },
  });
  await using trainer = await createTrainer(
    { first: regression(), second: regression() },
    {
      encoder: input([d]),
      architecture: networks[network](),
      optimizer: adam({ learningRate }),
      engine,
    },
    { seed },
  );
  await trainer.fit(part(0, rows), limits);
  const { losses } = await trainer.evaluate(part(rows, rows + heldOut));
  return ((losses.first ?? NaN) + (losses.second ?? NaN)) / 2;
}

import {
  type Activation,
  checkActivation,
  checkCount,
  checkRate,
  checkSizes,
  checkTowers,
  type TowerSizes,
} from "@polytask/blocks";

/** What the whole family is told. */
export interface ExpertOptions<Name extends string = string> {
  /** How many experts share the work. */
  readonly experts: number;
  /** Units of the layers of every expert; at least one. */
  readonly hidden: readonly number[];
  /** Hidden layers of the towers, for all tasks or by task. Default: none, a linear head on the mixture. */
  readonly towers?: TowerSizes<NoInfer<Name>>;
  /** After every hidden layer of experts and towers. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a hidden unit is left out. Default 0. */
  readonly dropout?: number;
  /** Whether gates add a bias. Default false, as in the paper. */
  readonly gateBias?: boolean;
  /** In training, the probability with which a gate leaves out an expert, per example. Default 0. */
  readonly gateDropout?: number;
}

/** @throws POLYTASK_OPTION */
export function checkExpertOptions(who: string, options: ExpertOptions): void {
  checkCount(who, "experts", options.experts);
  checkSizes(who, "hidden", options.hidden, 1);
  checkTowers(who, options.towers ?? []);
  checkActivation(who, "activation", options.activation ?? "relu");
  checkRate(who, "dropout", options.dropout ?? 0);
  checkRate(who, "gateDropout", options.gateDropout ?? 0);
}

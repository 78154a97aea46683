import {
  type Activation,
  checkActivation,
  checkCount,
  checkRate,
  checkSizes,
  checkTowers,
  type TowerSizes,
} from "@polytask/blocks";

/** What one level of extraction is told. */
export interface CgcOptions<Name extends string = string> {
  /** Experts for all tasks on every level; at least 1. */
  readonly sharedExperts: number;
  /** Experts of each task's own on every level; 0 leaves the shared ones alone. */
  readonly taskExperts: number;
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

export interface PleOptions<Name extends string = string> extends CgcOptions<Name> {
  /** How many extraction levels; at least 1. */
  readonly levels: number;
}

/** @throws POLYTASK_OPTION */
export function checkOptions(who: string, options: PleOptions): void {
  checkCount(who, "levels", options.levels);
  checkCount(who, "sharedExperts", options.sharedExperts);
  checkCount(who, "taskExperts", options.taskExperts, 0);
  checkSizes(who, "hidden", options.hidden, 1);
  checkTowers(who, options.towers ?? []);
  checkActivation(who, "activation", options.activation ?? "relu");
  checkRate(who, "dropout", options.dropout ?? 0);
  checkRate(who, "gateDropout", options.gateDropout ?? 0);
}

import {
  badOption,
  badState,
  type Clip,
  type ParameterInfo,
  type RowUpdates,
  type Stateful,
} from "@polytask/core";
import { constant, requirePositive, type Schedule } from "./schedule.ts";

/** Parameters that are treated apart from the rest. */
export interface ParameterGroup {
  /** Which parameters. One that several groups would take belongs to the first of them. */
  readonly where: (parameter: ParameterInfo) => boolean;
  /** Multiplies the learning rate; 0 freezes the group. Default 1. */
  readonly rate?: number;
}

/** What all optimizers of this package accept. */
export interface OptimizerOptions<Group extends ParameterGroup = ParameterGroup> {
  /** A number, or a schedule of the 0-based step. */
  readonly learningRate?: number | Schedule;
  /** Limits on the whole combined gradient; by norm first, then by value. Default: none. */
  readonly clip?: Clip;
  readonly groups?: readonly Group[];
  /**
   * In embedding tables, rows whose gradient is 0 in a step: `exact` updates them like all others, `lazy` leaves their
   * value and their slots as they are. Saved with the trainer. Default `exact`.
   */
  readonly rows?: RowUpdates;
}

/** The same, checked. */
export interface CommonParts<Group extends ParameterGroup> {
  readonly rate: Schedule;
  /** In the form that an optimizer's contract takes: absent where nothing is clipped. */
  readonly clipping: { readonly clip?: Clip };
  readonly groupOf: (parameter: ParameterInfo) => Group | undefined;
  readonly rowwise: Stateful & { readonly rows: RowUpdates };
}

/** @throws POLYTASK_OPTION for a learning rate, limit or multiplier out of range, or another word for `rows`. */
export function readOptions<Group extends ParameterGroup>(
  who: string,
  defaultRate: number,
  options: OptimizerOptions<Group>,
): CommonParts<Group> {
  const { learningRate = defaultRate, clip, groups = [], rows = "exact" } = options;
  if (!["exact", "lazy"].includes(rows)) throw badOption(who, "rows", '"exact" or "lazy"', rows);
  for (const { rate = 1 } of groups) {
    if (!(rate >= 0 && rate < Infinity)) {
      throw badOption(who, "groups.rate", "a number of at least 0", rate);
    }
  }
  return {
    rate: readRate(who, learningRate),
    clipping: readClip(who, clip),
    groupOf: (parameter) => groups.find(({ where }) => where(parameter)),
    rowwise: {
      rows,
      state: () => ({ rows }),
      restore: (state) => {
        const saved = (state as { readonly rows?: unknown } | null)?.rows;
        if (saved === rows) return;
        throw badState(
          `a state of an optimizer with rows "${rows}"`,
          `its rows are "${String(saved)}"`,
        );
      },
    },
  };
}

function readRate(who: string, learningRate: number | Schedule): Schedule {
  if (typeof learningRate !== "function") {
    requirePositive(who, "learningRate", learningRate);
    return constant(learningRate);
  }
  return (step) => {
    const rate = learningRate(step);
    // A schedule may touch 0 (a floor); a rate below it would climb.
    if (!(rate >= 0 && rate < Infinity)) {
      throw badOption(
        who,
        "learningRate",
        `a schedule of numbers of at least 0 (step ${step})`,
        rate,
      );
    }
    return rate;
  };
}

/** @throws POLYTASK_OPTION for a limit that is not positive and finite. */
export function readClip(who: string, clip: Clip | undefined): { readonly clip?: Clip } {
  if (clip === undefined) return {};
  if (clip.norm !== undefined) requirePositive(who, "clip.norm", clip.norm);
  if (clip.value !== undefined) requirePositive(who, "clip.value", clip.value);
  return { clip };
}

/** @throws POLYTASK_OPTION for a decay rate of moments outside [0, 1). */
export function requireFraction(who: string, option: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw badOption(who, option, "a number from 0 to below 1", value);
}

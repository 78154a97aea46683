import { badOption } from "@polytask/core";

/** The learning rate of a 0-based step. A pure function of the step, so that a resumed run goes on with the right rate. */
export type Schedule = (step: number) => number;

/**
 * The same rate at every step: η(s) = rate.
 *
 * @throws POLYTASK_OPTION for a rate that is not positive and finite.
 */
export function constant(rate: number): Schedule {
  requirePositive("constant", "rate", rate);
  return () => rate;
}

export interface StepDecayOptions {
  readonly rate: number;
  /** Steps from one fall to the next. */
  readonly every: number;
  /** What the rate is multiplied with at each fall. Default 0.1. */
  readonly factor?: number;
}

/**
 * A rate that falls in stairs: η(s) = rate·factor^⌊s/every⌋.
 *
 * @throws POLYTASK_OPTION for a rate or factor that is not positive and finite, or an `every` that is no positive whole number.
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  const { rate, every, factor = 0.1 } = options;
  requirePositive("stepDecay", "rate", rate);
  requirePositive("stepDecay", "factor", factor);
  requireWhole("stepDecay", "every", every, 1);
  return (step) => rate * factor ** Math.floor(step / every);
}

export interface ExponentialDecayOptions {
  readonly rate: number;
  /** What the rate is multiplied with over `every` steps. */
  readonly factor: number;
  /** Default 1. */
  readonly every?: number;
}

/**
 * A rate that falls smoothly: η(s) = rate·factor^(s/every).
 *
 * @throws POLYTASK_OPTION for a rate or factor that is not positive and finite, or an `every` that is no positive whole number.
 */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const { rate, factor, every = 1 } = options;
  requirePositive("exponentialDecay", "rate", rate);
  requirePositive("exponentialDecay", "factor", factor);
  requireWhole("exponentialDecay", "every", every, 1);
  return (step) => rate * factor ** (step / every);
}

export interface CosineOptions {
  /** The highest rate, reached at step `warmup`. */
  readonly peak: number;
  /** The step at which the rate has come down to the floor. */
  readonly total: number;
  /** Steps of linear rise before the peak. Default 0. */
  readonly warmup?: number;
  /** The rate from step `total` on. Default 0. */
  readonly floor?: number;
}

/**
 * Half a cosine from peak to floor, after a linear warm-up.
 *
 * η(s) = peak·(s + 1)/(warmup + 1) for s ≤ warmup, then floor + (peak − floor)·(1 + cos(π·(s − warmup)/(total − warmup)))/2,
 * and floor from step `total` on. The warm-up starts above 0, so that no step is wasted.
 *
 * Loshchilov and Hutter, "SGDR", 2017, arXiv 1608.03983, equation 5 without restarts.
 *
 * @throws POLYTASK_OPTION for a peak that is not positive and finite, a floor outside [0, peak], a `warmup` that is no whole
 * number, or a `total` that is no whole number above `warmup`.
 */
export function cosine(options: CosineOptions): Schedule {
  const { peak, total, warmup = 0, floor = 0 } = options;
  requirePositive("cosine", "peak", peak);
  if (!(floor >= 0 && floor <= peak)) {
    throw badOption("cosine", "floor", `a number from 0 to the peak, ${peak}`, floor);
  }
  requireWhole("cosine", "warmup", warmup, 0);
  requireWhole("cosine", "total", total, warmup + 1);
  return (step) => {
    if (step <= warmup) return (peak * (step + 1)) / (warmup + 1);
    if (step >= total) return floor;
    const angle = (Math.PI * (step - warmup)) / (total - warmup);
    return floor + ((peak - floor) * (1 + Math.cos(angle))) / 2;
  };
}

/** @throws POLYTASK_OPTION unless the value is positive and finite. */
export function requirePositive(who: string, option: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw badOption(who, option, "a positive number", value);
}

function requireWhole(who: string, option: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw badOption(who, option, `a whole number of at least ${least}`, value);
  }
}

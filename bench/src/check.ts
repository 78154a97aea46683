/** Losses in the order of the tasks, and what a gradient looks like: its norm, first and last number. */
export interface Check {
  readonly losses: readonly number[];
  readonly gradients: Readonly<
    Record<string, readonly [norm: number, first: number, last: number]>
  >;
}

/**
 * Relative difference up to which implementations agree, by how many parameters tasks share: peers add up products of
 * gradients in float32, and err with the root of their number.
 */
export const toleranceFor = (parameters: number): number =>
  1e-5 * Math.sqrt(Math.max(1, parameters / 1e6));

export const summarise = (
  values: Float32Array,
): readonly [norm: number, first: number, last: number] => [
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)),
  values[0],
  values[values.length - 1],
];

/** The greatest differences between two checks: of losses relative to themselves, of gradients to their norms. */
export interface Difference {
  readonly losses: number;
  readonly gradients: number;
}

/** NaN where a number is NaN, or where one of them has a gradient that the other lacks. */
export function differenceOf(check: Check, reference: Check): Difference {
  const names = new Set([...Object.keys(check.gradients), ...Object.keys(reference.gradients)]);
  return {
    losses: greatest(
      reference.losses.map((loss, k) => Math.abs((check.losses[k] ?? NaN) - loss) / Math.abs(loss)),
    ),
    gradients: greatest(
      [...names].flatMap((name) => {
        const found = check.gradients[name];
        const wanted = reference.gradients[name];
        if (!found || !wanted) return [NaN];
        return wanted.map((value, i) => distance(found[i], value, wanted[0]));
      }),
    ),
  };
}

export const agree = ({ losses, gradients }: Difference, tolerance: number): boolean =>
  losses <= tolerance && gradients <= tolerance;

/** A gradient that is 0 has no size to compare with: then only 0 agrees. */
const distance = (found: number, wanted: number, norm: number): number =>
  found === wanted ? 0 : Math.abs(found - wanted) / norm;

/** Math.max, which already keeps a NaN; 0 of nothing. */
const greatest = (values: readonly number[]): number => Math.max(0, ...values);

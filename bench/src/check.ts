/** Losses in the order of the tasks, and what a gradient looks like: its norm, first and last number. */
export interface Check {
  readonly losses: readonly number[];
  readonly gradients: Readonly<
    Record<string, readonly [norm: number, first: number, last: number]>
  >;
}

/** The same with all numbers of every gradient. */
export interface WholeCheck {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
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
export const differenceOf = (check: Check, reference: Check): Difference =>
  difference(check, reference, (found, wanted) =>
    greatest(wanted.map((value, i) => distance(found[i], value, wanted[0]))),
  );

/** The same of whole gradients: ‖g − g′‖ / ‖g′‖, the greatest of all. */
export const wholeDifferenceOf = (check: WholeCheck, reference: WholeCheck): Difference =>
  difference(check, reference, (found, wanted) => {
    if (found.length !== wanted.length) return NaN;
    return distance(normOf(wanted.map((value, i) => found[i] - value)), 0, normOf(wanted));
  });

function difference<Gradient>(
  check: Gradients<Gradient>,
  reference: Gradients<Gradient>,
  apart: (found: Gradient, wanted: Gradient) => number,
): Difference {
  const names = new Set([...Object.keys(check.gradients), ...Object.keys(reference.gradients)]);
  return {
    losses: greatest(
      reference.losses.map((loss, k) => Math.abs((check.losses[k] ?? NaN) - loss) / Math.abs(loss)),
    ),
    gradients: greatest(
      [...names].map((name) => {
        const found = check.gradients[name];
        const wanted = reference.gradients[name];
        return found && wanted ? apart(found, wanted) : NaN;
      }),
    ),
  };
}

interface Gradients<Gradient> {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, Gradient>>;
}

const normOf = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
};

export const agree = ({ losses, gradients }: Difference, tolerance: number): boolean =>
  losses <= tolerance && gradients <= tolerance;

/** A gradient that is 0 has no size to compare with: then only 0 agrees. */
const distance = (found: number, wanted: number, norm: number): number =>
  found === wanted ? 0 : Math.abs(found - wanted) / norm;

/** Math.max, which already keeps a NaN; 0 of nothing. */
const greatest = (values: readonly number[]): number => Math.max(0, ...values);

import type { Metric } from "@polytask/core";
import fc from "fast-check";

/** The metric's value after batches of the given lengths; the last batch takes what is left. */
export function measure(
  metric: Metric,
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: { readonly width?: number; readonly batches?: readonly number[] } = {},
): number {
  const { width = 1, batches = [] } = options;
  const p = Float32Array.from(predictions);
  const y = Float32Array.from(labels);
  const running = metric.create();
  let from = 0;
  for (const length of [...batches, y.length]) {
    const to = Math.min(y.length, from + length);
    running.update(p.subarray(from * width, to * width), y.subarray(from, to), width);
    from = to;
  }
  return running.value();
}

/** Pairs of a prediction and a label, few values so that ties are common, and lengths of batches. */
export const examples = (predictions: fc.Arbitrary<number>, labels: fc.Arbitrary<number>) =>
  fc.record({
    pairs: fc.array(fc.tuple(predictions, labels), { minLength: 2, maxLength: 40 }),
    batches: fc.array(fc.nat(7), { maxLength: 6 }),
    order: fc.infiniteStream(fc.nat(1000)).map((stream) => {
      const [...keys] = stream.take(40);
      return keys;
    }),
  });

/** The same list in the order of the keys. */
export const reorder = <T>(list: readonly T[], keys: readonly number[]): T[] =>
  list
    .map((item, i) => ({ item, key: keys[i] }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);

/** Floats that survive the trip through float32. */
export const float = (limit: number): fc.Arbitrary<number> =>
  fc.float({ min: -limit, max: limit, noNaN: true });

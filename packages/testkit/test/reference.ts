import { finiteDifference } from "@polytask/testkit";

type Vector = readonly number[];

const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * b[i], 0);

const orders = (of: readonly number[]): number[][] =>
  of.length === 0
    ? [[]]
    : of.flatMap((first) => orders(of.filter((i) => i !== first)).map((rest) => [first, ...rest]));

/**
 * Every combined gradient of the projection method, over all choices of an order per task: on vectors, where the plugin under test
 * works on coefficients and the Gramian.
 */
export function everyProjection(jacobian: readonly Vector[]): number[][] {
  const rows = jacobian.map((start, i) =>
    orders(jacobian.flatMap((_, j) => (j === i ? [] : [j]))).map((order) =>
      order.reduce<Vector>((g, j) => {
        const along = dot(g, jacobian[j]);
        return along < 0
          ? g.map((x, d) => x - (along / dot(jacobian[j], jacobian[j])) * jacobian[j][d])
          : g;
      }, start),
    ),
  );
  const sums = rows.reduce<number[][]>(
    (partial, choices) =>
      partial.flatMap((sum) => choices.map((row) => sum.map((x, d) => x + row[d]))),
    [jacobian[0].map(() => 0)],
  );
  return sums.filter(
    (sum, i) => sums.findIndex((other) => other.every((x, d) => Math.abs(x - sum[d]) < 1e-9)) === i,
  );
}

/** Weights of each of a run's steps when L_grad(w) = Σ|w_k·n_k − target_k| is descended numerically, target held constant. */
export function balancedWeights(
  steps: readonly { readonly losses: Vector; readonly lastSharedNorms: Vector }[],
  { alpha, rate }: { readonly alpha: number; readonly rate: number },
): number[][] {
  const mean = (x: Vector): number => x.reduce((a, b) => a + b, 0) / x.length;
  let w = steps[0].losses.map(() => 1);
  return steps.map(({ losses, lastSharedNorms: n }) => {
    const used = w;
    const ratios = losses.map((loss, k) => loss / steps[0].losses[k]);
    const target = ratios.map(
      (ratio) => mean(used.map((x, k) => x * n[k])) * (ratio / mean(ratios)) ** alpha,
    );
    const objective = (x: Vector): number =>
      x.reduce((sum, value, k) => sum + Math.abs(value * n[k] - target[k]), 0);
    const slopes = finiteDifference(objective, used);
    const moved = used.map((x, k) => x - rate * slopes[k]);
    w = moved.map((x) => x / mean(moved));
    return used;
  });
}

import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

export const ALPHA = 1.5;
export const RATE = 0.05;

/** From weights, raw norms and loss ratios L(t)/L(0) to the next weights. */
export type Update = (
  w: readonly number[],
  norms: readonly number[],
  ratios: readonly number[],
) => number[];

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
export const relative = (ratios: readonly number[]): number[] =>
  ratios.map((ratio) => ratio / mean(ratios));
export const renormalised = (w: readonly number[]): number[] => w.map((x) => x / mean(w));

/** Pulls every weighted norm towards mean·r_k^α, a constant; weights sum to T. Correct. */
const update: Update = (w, norms, ratios) => {
  const g = w.map((x, k) => x * norms[k]);
  const r = relative(ratios);
  return renormalised(
    w.map((x, k) => x - RATE * Math.sign(g[k] - mean(g) * r[k] ** ALPHA) * norms[k]),
  );
};

export const balance = (next: Update = update): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-balance",
  contract: CONTRACT,
  create: ({ tasks }) => {
    let weights = tasks.map(() => 1);
    let first: (number | null)[] = tasks.map(() => null);
    return {
      needs: { lastSharedNorms: true, tasks: 2 },
      weigh: (losses, _present, pass) =>
        tf.mul(
          losses,
          pass.host("weights", [tasks.length], () => weights),
        ),
      observe: ({ losses, lastSharedNorms = {} }) => {
        first = first.map((value, k) => value ?? losses[tasks[k]] ?? null);
        const here = tasks.flatMap((name, k) => (losses[name] === undefined ? [] : [k]));
        if (here.length === 0) return;
        const of = (values: Readonly<Record<string, number | undefined>>, k: number): number =>
          values[tasks[k]] ?? 1;
        const moved = next(
          here.map((k) => weights[k]),
          here.map((k) => of(lastSharedNorms, k)),
          here.map((k) => of(losses, k) / (first[k] ?? 1)),
        );
        const before = here.reduce((sum, k) => sum + weights[k], 0) / here.length;
        // The absent keep their weights, the present the sum that they had.
        weights = weights.map((w, k) => (here.includes(k) ? moved[here.indexOf(k)] * before : w));
      },
      state: () => ({ weights, first }),
      restore: (state) => {
        ({ weights, first } = structuredClone(state) as {
          weights: number[];
          first: (number | null)[];
        });
      },
    };
  },
});

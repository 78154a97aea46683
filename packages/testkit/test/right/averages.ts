import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type WeightingPlugin } from "@polytask/core";

export type History = readonly (readonly number[])[];

/** T·softmax(r/2), r the ratio of the last two mean losses; 1 before there are two. */
export const shares = (history: History, count: number): number[] => {
  if (history.length < 2) return Array.from({ length: count }, () => 1);
  const [before, last] = history.slice(-2);
  const powers = last.map((loss, k) => Math.exp(loss / before[k] / 2));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (count * power) / sum);
};

/** Weights by how slowly each task's epoch means fall. Correct. */
export const averages = (): WeightingPlugin => ({
  kind: "weighting",
  name: "weighting-averages",
  contract: CONTRACT,
  create: ({ tasks }) => {
    let history: number[][] = [];
    return {
      weigh: (losses, _present, pass) =>
        tf.mul(
          losses,
          pass.host("weights", [tasks.length], () => shares(history, tasks.length)),
        ),
      observeEpoch: ({ losses }) => {
        const last = history.at(-1) ?? [];
        history = [...history, tasks.map((name, k) => losses[name] ?? last[k] ?? 1)].slice(-2);
      },
      state: () => ({ history }),
      restore: (state) => {
        ({ history } = structuredClone(state) as { history: number[][] });
      },
    };
  },
});

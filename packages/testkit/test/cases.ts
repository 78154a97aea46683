import { everyProjection, balancedWeights } from "./reference.ts";
import { ALPHA, RATE } from "./right/balance.ts";
import { matchesReference, matchesWeights, reachesExactly } from "@polytask/testkit";

/** Two matrices: the first has four distinct results or more, on the second a task can be turned against itself. */
const inConflict = [
  [
    [2, -1, 0.3],
    [-1.5, 2, -0.7],
    [-0.4, -1.1, 1.9],
  ],
  [
    [-2, 0, 2],
    [1, 0.5, -0.5],
    [-1.5, -1.5, 0],
  ],
];

export const everyOrder = reachesExactly(
  inConflict.map((jacobian) => ({ jacobian, results: everyProjection(jacobian) })),
);

/** By hand: G = [[18, −22], [−22, 38]], so the result is (1 + 22/18)·g₁ + (1 + 22/38)·g₂, plus what each row keeps. */
export const byHand = matchesReference([
  {
    jacobian: [
      [-4, 1, 1],
      [6, 1, 1],
    ],
    expected: [
      -4 * (1 + 22 / 18) + 6 * (1 + 22 / 38),
      2 + 22 / 18 + 22 / 38,
      2 + 22 / 18 + 22 / 38,
    ],
  },
]);

const steps = [
  { losses: [1, 2, 4], lastSharedNorms: [1, 3, 0.5] },
  { losses: [0.9, 1.2, 3.9], lastSharedNorms: [1.1, 2.5, 0.6] },
  { losses: [0.8, 0.7, 3.9], lastSharedNorms: [1.4, 2.1, 0.4] },
  { losses: [0.75, 0.5, 3.7], lastSharedNorms: [0.9, 1.9, 0.5] },
];

export const balanced = matchesWeights([
  {
    steps: balancedWeights(steps, { alpha: ALPHA, rate: RATE }).map((weights, t) => ({
      ...steps[t],
      weights,
    })),
  },
]);

import {
  changesAfterFirstPenalty,
  describeRegularizer,
  gradientMatchesFiniteDifference,
  homogeneousOfDegree,
  nonNegative,
  penaltyIs,
  proxMatchesDefinition,
  proxRestsAtRateZero,
  zeroAtZero,
} from "@polytask/testkit";
import { squares, threshold, towardsMean } from "./right/norm.ts";
import { schedule } from "./right/schedule.ts";

describeRegularizer(() => squares(), {
  claims: [
    zeroAtZero,
    nonNegative,
    homogeneousOfDegree(2),
    gradientMatchesFiniteDifference,
    penaltyIs(
      (parameters) =>
        0.005 * parameters.flatMap(({ values }) => values).reduce((sum, x) => sum + x * x, 0),
    ),
  ],
});

describeRegularizer(() => schedule(), { claims: [changesAfterFirstPenalty, zeroAtZero] });

describeRegularizer(() => threshold(), {
  claims: [
    proxRestsAtRateZero,
    proxMatchesDefinition((columns) => columns.flat().reduce((sum, x) => sum + Math.abs(x), 0)),
  ],
});

describeRegularizer(() => towardsMean(), {
  claims: [
    proxRestsAtRateZero,
    proxMatchesDefinition((columns) => {
      const mean = columns[0].map(
        (_, i) => columns.reduce((sum, w) => sum + w[i], 0) / columns.length,
      );
      return (
        0.5 * columns.reduce((sum, w) => sum + w.reduce((s, x, i) => s + (x - mean[i]) ** 2, 0), 0)
      );
    }),
  ],
});

import {
  actsOnWholeVector,
  applySurgery,
  describeSurgery,
  expectAllClose,
  keepsAgreeingGradients,
  matchesReference,
} from "@polytask/testkit";
import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { test } from "vitest";

/** A surgery of one's own: gradients that point against the sum are left out. */
function drop<Name extends string>(): SurgeryPlugin<Name> {
  return {
    kind: "surgery",
    name: "surgery-drop",
    contract: CONTRACT,
    create: () => ({
      mix: ({ gramian }) =>
        gramian.map((row, i) =>
          row.map((_, j) => (i === j && row.reduce((a, b) => a + b, 0) >= 0 ? 1 : 0)),
        ),
    }),
  };
}

describeSurgery(() => drop(), {
  claims: [
    keepsAgreeingGradients,
    actsOnWholeVector,
    matchesReference([
      {
        jacobian: [
          [1, 0],
          [-3, 1],
        ],
        expected: [-3, 1],
      }, // by hand: g₁·(g₁ + g₂) = −2
    ]),
  ],
});

test("two opposed gradients cancel", async () => {
  expectAllClose(
    await applySurgery(drop(), [
      [1, 2],
      [-1, -2],
    ]),
    [0, 0],
  );
});

import {
  applySurgery,
  describeArchitecture,
  describeSurgery,
  linearUnderScaling,
  permutationEquivariant,
} from "@polytask/testkit";
import { describe, expect, it } from "vitest";
import { customizedSharing, equalNorms } from "polytask-third-party-plugin";

describeSurgery(() => equalNorms(), { claims: [permutationEquivariant, linearUnderScaling] });
describeArchitecture(() => customizedSharing({ shared: 5, own: 3 }));

describe("equalNorms", () => {
  it("brings 3-4-5 and a unit vector to their mean length", async () => {
    // ‖(3, 4)‖ = 5, ‖(0, 1)‖ = 1, mean 3: (1.8, 2.4) + (0, 3).
    const combined = await applySurgery(equalNorms(), [
      [3, 4],
      [0, 1],
    ]);
    expect(combined[0]).toBeCloseTo(1.8, 12);
    expect(combined[1]).toBeCloseTo(5.4, 12);
  });
});

describe("customizedSharing", () => {
  it("refuses sizes that are not positive whole numbers", () => {
    expect(() => customizedSharing({ shared: 0, own: 3 })).toThrow(/POLYTASK_OPTION/);
  });
});

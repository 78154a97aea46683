import { useBackend } from "@polytask/backend";
import { describe, expect, it } from "vitest";
import { repaired, shared } from "./cases.ts";
import { deviation, differences, gradients, held, soil } from "./gradients.ts";

describe("gradients on wasm equal those on cpu", () => {
  it.each(Object.entries({ ...shared, ...repaired }))("%s", async (_, of) => {
    const expected = await gradients(of, "cpu");
    soil();
    expect(deviation(await gradients(of, "wasm"), expected)).toBeLessThan(1e-5);
  });
});

describe("repaired gradients equal finite differences", () => {
  it.each(Object.entries(repaired))("%s", async (_, of) => {
    const expected = await differences(of);
    expect(deviation(await gradients(of, "wasm"), expected)).toBeLessThan(2e-4);
    expect(deviation(await gradients(of, "cpu"), expected)).toBeLessThan(2e-4);
  });
});

describe.each(["cpu", "wasm"] as const)(
  "no gradient on %s keeps a tensor or a buffer",
  (backend) => {
    it.each(Object.entries({ ...shared, ...repaired }))("%s", async (_, of) => {
      await useBackend(backend);
      const before = held();
      await gradients(of, backend);
      expect(held()).toEqual(before);
    });
  },
);

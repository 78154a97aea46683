import * as backend from "@polytask/backend";
import { expect, it } from "vitest";

it("exports these names and no other", () => {
  expect(Object.keys(backend).sort()).toEqual(["BackendError", "useBackend"]);
});

import { PolytaskError } from "@polytask/core";
import { describe, expect, it } from "vitest";
import { errorOf } from "../../src/worker/errors.ts";
import { faultOf } from "../../src/worker/faults.ts";

const sent = (error: unknown): Error => errorOf(structuredClone(faultOf(error)));

describe("on its way between threads", () => {
  it("an error of ours keeps all it tells", () => {
    const cause = new Error("inside");
    const who = "some part: of it";
    const told = {
      code: "POLYTASK_X",
      required: "a thing",
      found: "none: at all",
      remedy: "Add one.",
    };
    const error = new PolytaskError({ who, ...told }, { cause });
    const got = sent(error);
    expect(got).toBeInstanceOf(PolytaskError);
    expect(got).toMatchObject({ ...told, message: error.message, cause: { message: "inside" } });
  });

  it("another error keeps its message and where it was thrown", () => {
    const error = new RangeError("too far");
    const got = sent(error);
    expect(got).not.toBeInstanceOf(PolytaskError);
    expect(got).toMatchObject({ message: "too far", stack: error.stack });
    expect(got.cause).toBeUndefined();
  });

  it("what is no error becomes one", () => {
    expect(sent("a word").message).toBe("a word");
  });
});

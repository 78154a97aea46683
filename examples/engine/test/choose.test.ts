import { chooseEngine, nameOf } from "@polytask/example-engine";
import { describe, expect, it } from "vitest";

describe("the name of an engine", () => {
  it("is onnx, or eager where a backend is named", () => {
    expect(nameOf({})).toBe("onnx");
    expect(nameOf({ backend: "wasm" })).toBe("eager");
    expect(nameOf({ engine: "eager", backend: "wasm" })).toBe("eager");
    expect(nameOf({ engine: "tensorflow-xla" })).toBe("tensorflow-xla");
  });

  it("is refused where it is unknown, or has no use for the backend", () => {
    expect(() => nameOf({ engine: "jax" })).toThrow(
      "one of onnx, eager, tensorflow, tensorflow-xla",
    );
    expect(() => nameOf({ engine: "tensorflow", backend: "wasm" })).toThrow(
      "absent beside --engine tensorflow",
    );
  });
});

describe("an engine", () => {
  it.each([
    [{}, "engine-onnx", "Compiled engine: onnx"],
    [{ backend: "cpu" }, "engine-eager", "Eager engine: "],
    [{ engine: "tensorflow" }, "engine-tensorflow", "Compiled engine: tensorflow"],
  ])("of %o is %s", async (choice, name, words) => {
    const chosen = await chooseEngine(choice);
    expect(chosen.engine.name).toBe(name);
    expect(chosen.words).toContain(words);
  });
});

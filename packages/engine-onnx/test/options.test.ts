import { expect, it } from "vitest";
import { onnx, type OnnxOptions } from "../src/index.ts";

it.each([
  [{ threads: 0 }, 'option "threads" must be a whole number of at least 1; got 0'],
  [{ threads: 1.5 }, 'option "threads" must be a whole number of at least 1; got 1.5'],
  [
    { provider: "vulkan" },
    'option "provider" must be one of "cpu", "webgpu", "cuda"; got "vulkan"',
  ],
  [{ worker: 1 }, 'option "worker" must be true or false; got 1'],
  [{ fallback: "none at all" }, 'option "fallback" must be "eager" or "none"'],
])("onnx(%j) throws", (options, message) => {
  expect(() => onnx(options as OnnxOptions)).toThrow(
    expect.objectContaining({
      code: "POLYTASK_OPTION",
      message: expect.stringContaining(`onnx: ${message}`) as string,
    }),
  );
});

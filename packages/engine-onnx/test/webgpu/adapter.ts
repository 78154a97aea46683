import { Graph } from "@polytask/graph";
import { expect } from "vitest";
import { encode } from "../../src/onnx/index.ts";
import { createSession } from "../../src/session/index.ts";

/** A GPU, or a software driver for Vulkan; many machines have neither. */
export const isThere = await createSession(
  encode([{ name: "y", node: new Graph().constant(1, [1]) }]).bytes,
  { provider: "webgpu" },
).then(
  async (session) => {
    await session.release();
    return true;
  },
  (error: unknown) => {
    expect(error).toMatchObject({ code: "POLYTASK_ONNX_PROVIDER" });
    return false;
  },
);

import type { Refuse } from "@polytask/compiled/export";
import { PolytaskError } from "@polytask/core";

/** A network that cannot be written as ONNX. */
export const cannotExport: Refuse = (obstacle) =>
  new PolytaskError({ code: "POLYTASK_ONNX_EXPORT", who: "exportOnnx", ...obstacle });

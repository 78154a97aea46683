import { CONTRACT, type EnginePlugin, type SurgeryPlugin } from "@polytask/core";
import { compiledEngine } from "../../src/onnx.ts";
import { readOptions } from "../../src/options.ts";

/** Parameters stay with the runtime: the CPU is its own device. */
export const device = (): EnginePlugin =>
  compiledEngine({ ...readOptions({ threads: 1 }), device: true }, {});

/** Rows of J are needed, and stay as they are. */
export const keepsRows: SurgeryPlugin = {
  kind: "surgery",
  name: "surgery-keeps-rows",
  contract: CONTRACT,
  create: () => ({
    mix: ({ gramian }) => gramian.map((_, i) => gramian.map((_, j) => Number(i === j))),
  }),
};

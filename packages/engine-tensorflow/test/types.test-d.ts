import { sharedBottom } from "@polytask/arch-shared-bottom";
import { binary, createTrainer, type EnginePlugin, input, regression } from "@polytask/core";
import { type ExportedModel, exportSavedModel, tensorflow } from "@polytask/engine-tensorflow";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const encoder = input<"click" | "price">([2]);
const architecture = sharedBottom<"click" | "price">({ hidden: [8] });

const trainer = await createTrainer(tasks, {
  encoder,
  architecture,
  engine: tensorflow({ xla: true }),
});
expectTypeOf(exportSavedModel(trainer, "clicks/1")).toEqualTypeOf<Promise<ExportedModel>>();
expectTypeOf(tensorflow()).toEqualTypeOf<EnginePlugin>();

// @ts-expect-error: an engine is no weighting
await createTrainer(tasks, { encoder, architecture, weighting: tensorflow() });
// @ts-expect-error: the plugin, not what makes it
await createTrainer(tasks, { encoder, architecture, engine: tensorflow });
// @ts-expect-error: no device of this engine
tensorflow({ device: "tpu" });
// @ts-expect-error: the option of the engine on ONNX Runtime
tensorflow({ provider: "cuda" });
// @ts-expect-error: an architecture is not trained
await exportSavedModel(architecture, "clicks/1");

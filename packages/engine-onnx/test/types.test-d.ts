import { binary, createTrainer, type EnginePlugin, regression } from "@polytask/core";
import { type ExportedModel, exportOnnx, onnx } from "@polytask/engine-onnx";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0] });

const trainer = await createTrainer(tasks, { architecture, engine: onnx({ provider: "webgpu" }) });
expectTypeOf(exportOnnx(trainer, "model.onnx")).toEqualTypeOf<Promise<ExportedModel>>();
expectTypeOf(onnx()).toEqualTypeOf<EnginePlugin>();

// @ts-expect-error: an engine is no surgery
await createTrainer(tasks, { architecture, surgery: onnx() });
// @ts-expect-error: the plugin, not what makes it
await createTrainer(tasks, { architecture, engine: onnx });
// @ts-expect-error: no provider of this engine
onnx({ provider: "tpu" });
// @ts-expect-error: the option of the engine on TensorFlow
onnx({ device: "gpu" });
// @ts-expect-error: an architecture is not trained
await exportOnnx(architecture, "model.onnx");

import { binary, createTrainer, regression, type SurgeryPlugin } from "@polytask/core";
import { pcgrad, pcgradCoefficients } from "@polytask/surgery-pcgrad";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0] });

await createTrainer(tasks, { architecture, surgery: pcgrad() });
await createTrainer(tasks, { architecture, surgery: [pcgrad(), pcgrad({ reduction: "mean" })] });

// @ts-expect-error: a surgery is no weighting
await createTrainer(tasks, { architecture, weighting: pcgrad() });
// @ts-expect-error: the paper knows no such reduction
pcgrad({ reduction: "max" });

expectTypeOf(pcgrad<"click">()).toEqualTypeOf<SurgeryPlugin<"click">>();
expectTypeOf(pcgradCoefficients([[1]], [[]])).toEqualTypeOf<number[][]>();

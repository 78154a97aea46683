import { binary, createTrainer, regression, type WeightingPlugin } from "@polytask/core";
import { dwa } from "@polytask/weighting-dwa";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0] });

await createTrainer(tasks, { architecture, weighting: dwa() });
await createTrainer(tasks, { architecture, weighting: dwa({ temperature: 1 }) });

// @ts-expect-error: a weighting is no surgery
await createTrainer(tasks, { architecture, surgery: dwa() });
// @ts-expect-error: a temperature is a number
dwa({ temperature: "2" });

expectTypeOf(dwa<"click">()).toEqualTypeOf<WeightingPlugin<"click">>();

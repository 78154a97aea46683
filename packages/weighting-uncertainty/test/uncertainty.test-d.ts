import { binary, createTrainer, regression, type WeightingPlugin } from "@polytask/core";
import { uncertainty } from "@polytask/weighting-uncertainty";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0] });

await createTrainer(tasks, { architecture, weighting: uncertainty() });
await createTrainer(tasks, { architecture, weighting: uncertainty({ initial: -0.5 }) });
await createTrainer(tasks, { architecture, weighting: uncertainty({ initial: { price: 1 } }) });

await createTrainer(tasks, {
  architecture,
  // @ts-expect-error: no task is called cost
  weighting: uncertainty({ initial: { cost: 1 } }),
});
// @ts-expect-error: a start is a number
uncertainty<"price">({ initial: { price: "1" } });
// @ts-expect-error: a weighting is no surgery
await createTrainer(tasks, { architecture, surgery: uncertainty() });

expectTypeOf(uncertainty<"click">()).toEqualTypeOf<WeightingPlugin<"click">>();

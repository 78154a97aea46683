import { binary, createTrainer, regression, type WeightingPlugin } from "@polytask/core";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0] });

await createTrainer(tasks, { architecture, weighting: gradNorm() });
await createTrainer(tasks, {
  architecture,
  weighting: gradNorm({ alpha: 0.5, initialLosses: { click: Math.LN2 } }),
});

await createTrainer(tasks, {
  architecture,
  // @ts-expect-error: no task is called cost
  weighting: gradNorm({ initialLosses: { cost: 1 } }),
});
// @ts-expect-error: a rate is a number
gradNorm({ learningRate: "fast" });
// @ts-expect-error: a weighting is no surgery
await createTrainer(tasks, { architecture, surgery: gradNorm() });

expectTypeOf(gradNorm<"click">()).toEqualTypeOf<WeightingPlugin<"click">>();

import { binary, createTrainer, regression, type WeightingPlugin } from "@polytask/core";
import { gradNorm } from "@polytask/weighting-gradnorm";
import { expectTypeOf } from "vitest";
import { linear } from "./linear.ts";

const tasks = { click: binary(), price: regression() };
const architecture = linear<"click" | "price">({ shared: [0] });

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

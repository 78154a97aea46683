import { binary, createTrainer, regression, type RegularizerPlugin } from "@polytask/core";
import { traceNorm } from "@polytask/regularizer-low-rank";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0], bias: 1 });

await createTrainer(tasks, {
  architecture,
  regularizers: [traceNorm({ strength: 1e-3, prox: false, roles: ["own/kernel"] })],
});

// @ts-expect-error: regularizers come in a list
await createTrainer(tasks, { architecture, regularizers: traceNorm({ strength: 1 }) });
// @ts-expect-error: a strength is needed
traceNorm({});
// @ts-expect-error: roles are names
traceNorm({ strength: 1, roles: [1] });

expectTypeOf(traceNorm<"click">({ strength: 1 })).toEqualTypeOf<RegularizerPlugin<"click">>();

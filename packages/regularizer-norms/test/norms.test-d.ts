import { binary, createTrainer, regression, type RegularizerPlugin } from "@polytask/core";
import { l1, l2, type Strength } from "@polytask/regularizer-norms";
import { linearModel } from "@polytask/testkit";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const architecture = linearModel<"click" | "price">({ shared: [0], bias: 1 });

await createTrainer(tasks, { architecture, regularizers: [l1(1e-4), l2({ strength: 1e-5 })] });
await createTrainer(tasks, {
  architecture,
  regularizers: [
    l1({ strength: 1e-4, prox: true }),
    l2({ strength: ({ step, epoch }) => step + epoch, select: ({ layout }) => layout !== "rows" }),
  ],
});

// @ts-expect-error: regularizers come in a list
await createTrainer(tasks, { architecture, regularizers: l2(1e-5) });
// @ts-expect-error: a strength is a number, or a function of where training stands
l2({ strength: "1e-5" });
// @ts-expect-error: only l1 has a proximal step
l2({ strength: 1e-5, prox: true });
// @ts-expect-error: a strength is needed
l1({ prox: true });

expectTypeOf(l2<"click">(1)).toEqualTypeOf<RegularizerPlugin<"click">>();
expectTypeOf<number>().toExtend<Strength>();

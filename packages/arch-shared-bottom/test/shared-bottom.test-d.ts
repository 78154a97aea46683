import { hierarchical, sharedBottom } from "@polytask/arch-shared-bottom";
import { type ArchitecturePlugin, binary, createTrainer, input, regression } from "@polytask/core";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const encoder = input<"click" | "price">([3]);
const layers = [8, 4];

await createTrainer(tasks, {
  encoder,
  architecture: sharedBottom({ hidden: [8], towers: { price: [4] } }),
});
await createTrainer(tasks, { encoder, architecture: sharedBottom({ hidden: [8], towers: [4] }) });
await createTrainer(tasks, {
  encoder,
  architecture: hierarchical({ layers, attach: { click: 0, price: 1 }, towers: { click: [4] } }),
});

await createTrainer(tasks, {
  encoder,
  // @ts-expect-error: no task is called "prise"
  architecture: sharedBottom({ hidden: [8], towers: { prise: [4] } }),
});
await createTrainer(tasks, {
  encoder,
  // @ts-expect-error: every task is attached to a layer
  architecture: hierarchical({ layers, attach: { click: 1 } }),
});
await createTrainer(tasks, {
  encoder,
  // @ts-expect-error: no task is called "prise"
  architecture: hierarchical({ layers, attach: { click: 0, price: 1, prise: 1 } }),
});
await createTrainer(tasks, {
  encoder,
  architecture: sharedBottom({ hidden: [8] }),
  // @ts-expect-error: an architecture is no weighting
  weighting: sharedBottom({ hidden: [8] }),
});

sharedBottom<"click">({ hidden: [8], towers: { click: [4] } });
// @ts-expect-error: built before the trainer, it checks names where it is told them
sharedBottom<"click">({ hidden: [8], towers: { price: [4] } });
// @ts-expect-error: the shared layers have no default
sharedBottom({ towers: [4] });

expectTypeOf(sharedBottom<"click">({ hidden: [8] })).toEqualTypeOf<ArchitecturePlugin<"click">>();

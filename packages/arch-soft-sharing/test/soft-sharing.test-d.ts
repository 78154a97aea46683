import { softSharing } from "@polytask/arch-soft-sharing";
import { type ArchitecturePlugin, binary, createTrainer, input, regression } from "@polytask/core";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const encoder = input<"click" | "price">([3]);
const good = { hidden: [8], strength: 0.1 };

await createTrainer(tasks, {
  encoder,
  architecture: softSharing({ ...good, towers: { price: [4] } }),
});
await createTrainer(tasks, {
  encoder,
  architecture: softSharing({ hidden: [8], strength: ({ step, epoch }) => 1 / (1 + step + epoch) }),
});

await createTrainer(tasks, {
  encoder,
  // @ts-expect-error: no task is called "prise"
  architecture: softSharing({ ...good, towers: { prise: [4] } }),
});
await createTrainer(tasks, {
  encoder,
  architecture: softSharing(good),
  // @ts-expect-error: an architecture is no regularizer
  regularizers: [softSharing(good)],
});

softSharing<"click" | "price">({ ...good, towers: { click: [4] } });
// @ts-expect-error: built before the trainer, it checks names where it is told them
softSharing<"click" | "price">({ ...good, towers: { prise: [4] } });
// @ts-expect-error: the strength of the tie has no default
softSharing({ hidden: [8] });
// @ts-expect-error: a schedule gives a number
softSharing({ hidden: [8], strength: () => "strong" });

expectTypeOf(softSharing<"click">(good)).toEqualTypeOf<ArchitecturePlugin<"click">>();

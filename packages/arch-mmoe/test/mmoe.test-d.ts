import { mlMmoe, mmoe, type MmoeOptions, omoe } from "@polytask/arch-mmoe";
import { type ArchitecturePlugin, binary, createTrainer, input, regression } from "@polytask/core";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const encoder = input<"click" | "price">([3]);
const good = { experts: 4, hidden: [8] };

await createTrainer(tasks, { encoder, architecture: mmoe({ ...good, towers: { price: [4] } }) });
await createTrainer(tasks, { encoder, architecture: omoe({ ...good, towers: [4, 2] }) });
await createTrainer(tasks, {
  encoder,
  architecture: mlMmoe({ ...good, levels: 2, gateBias: true }),
});

// @ts-expect-error: no task is called "prise"
await createTrainer(tasks, { encoder, architecture: mmoe({ ...good, towers: { prise: [4] } }) });
// @ts-expect-error: no task is called "prise"
await createTrainer(tasks, { encoder, architecture: omoe({ ...good, towers: { prise: [4] } }) });
await createTrainer(tasks, {
  encoder,
  // @ts-expect-error: no task is called "prise"
  architecture: mlMmoe({ ...good, levels: 1, towers: { prise: [4] } }),
});
// @ts-expect-error: an architecture is no surgery
await createTrainer(tasks, { encoder, architecture: mmoe(good), surgery: mmoe(good) });

mmoe<"click" | "price">({ ...good, towers: { click: [4] } });
// @ts-expect-error: built before the trainer, it checks names where it is told them
mmoe<"click" | "price">({ ...good, towers: { prise: [4] } });

// @ts-expect-error: the number of experts has no default
mmoe({ hidden: [8] });
// @ts-expect-error: not the name of an activation
mmoe({ ...good, activation: "step" });
// @ts-expect-error: MMoE has one level
mmoe({ ...good, levels: 2 });

expectTypeOf(mmoe<"click">(good)).toEqualTypeOf<ArchitecturePlugin<"click">>();
expectTypeOf<MmoeOptions["hidden"]>().toEqualTypeOf<readonly number[]>();

import { cgc, type CgcOptions, ple, type PleOptions } from "@polytask/arch-ple";
import { type ArchitecturePlugin, binary, createTrainer, input, regression } from "@polytask/core";
import { expectTypeOf } from "vitest";

const tasks = { click: binary(), price: regression() };
const encoder = input<"click" | "price">([3]);
const good = { sharedExperts: 2, taskExperts: 1, hidden: [8] };

await createTrainer(tasks, { encoder, architecture: cgc({ ...good, towers: { price: [4] } }) });
await createTrainer(tasks, { encoder, architecture: ple({ ...good, levels: 2, towers: [4] }) });

// @ts-expect-error: no task is called "prise"
await createTrainer(tasks, { encoder, architecture: cgc({ ...good, towers: { prise: [4] } }) });
await createTrainer(tasks, {
  encoder,
  // @ts-expect-error: no task is called "prise"
  architecture: ple({ ...good, levels: 2, towers: { prise: [4] } }),
});
// @ts-expect-error: an architecture is no weighting
await createTrainer(tasks, { encoder, architecture: cgc(good), weighting: cgc(good) });

ple<"click" | "price">({ ...good, levels: 1, towers: { click: [4] } });
// @ts-expect-error: built before the trainer, it checks names where it is told them
ple<"click" | "price">({ ...good, levels: 1, towers: { prise: [4] } });

// @ts-expect-error: the number of levels has no default
ple(good);
// @ts-expect-error: CGC has one level
cgc({ ...good, levels: 2 });

expectTypeOf(ple<"click">({ ...good, levels: 2 })).toEqualTypeOf<ArchitecturePlugin<"click">>();
expectTypeOf(cgc<"click">(good)).toEqualTypeOf<ArchitecturePlugin<"click">>();
expectTypeOf<PleOptions>().toExtend<CgcOptions>();

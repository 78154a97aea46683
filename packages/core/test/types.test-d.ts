import {
  type ArchitecturePlugin,
  binary,
  chain,
  createTrainer,
  equal,
  identity,
  input,
  regression,
  type WeightingPlugin,
} from "@polytask/core";
import { expectTypeOf } from "vitest";

declare function towers<Name extends string>(options?: {
  readonly towers?: Readonly<Partial<Record<NoInfer<Name>, readonly number[]>>>;
}): ArchitecturePlugin<Name>;
declare function fixed<Name extends string>(
  weights: Readonly<Record<NoInfer<Name>, number>>,
): WeightingPlugin<Name>;

const tasks = { ctr: binary(), value: regression() };
const trainer = await createTrainer(tasks, {
  architecture: towers({ towers: { ctr: [8] } }),
  encoder: input([4]),
  weighting: fixed({ ctr: 1, value: 2 }),
  surgery: identity(),
});
await createTrainer(tasks, { architecture: towers(), surgery: chain(identity(), identity()) });
await createTrainer(tasks, { architecture: towers(), weighting: equal(), surgery: [identity()] });

// @ts-expect-error: unknown task in the architecture's options
await createTrainer(tasks, { architecture: towers({ towers: { clicks: [8] } }) });
await createTrainer(tasks, {
  architecture: towers(),
  // @ts-expect-error: unknown task in the weighting's options
  weighting: fixed({ ctr: 1, value: 2, x: 3 }),
});
// @ts-expect-error: the weighting lacks a task
await createTrainer(tasks, { architecture: towers(), weighting: fixed({ ctr: 1 }) });
// @ts-expect-error: a surgery in the architecture's place
await createTrainer(tasks, { architecture: identity() });
// @ts-expect-error: no architecture
await createTrainer(tasks, { surgery: identity() });
// @ts-expect-error: a plugin built for other tasks
await createTrainer(tasks, { architecture: towers<"other">() });

const inputs = new Float32Array(4);
await trainer.fit({ inputs, labels: { ctr: [1], value: [2] } }, { epochs: 1 });
await trainer.fit(
  [
    { inputs, labels: { ctr: [1] } },
    { inputs, labels: { value: [1] } },
  ],
  { epochs: 1 },
);
// @ts-expect-error: a label is missing
await trainer.fit({ inputs, labels: { ctr: [1] } }, { epochs: 1 });
// @ts-expect-error: an unknown label
await trainer.fit({ inputs, labels: { ctr: [1], value: [2], other: [3] } }, { epochs: 1 });
// @ts-expect-error: an unknown label in one of several data sets
await trainer.fit([{ inputs, labels: { other: [1] } }], { epochs: 1 });

const predicted = await trainer.predict(inputs);
expectTypeOf(predicted.value).toEqualTypeOf<Float32Array>();
// @ts-expect-error: no such output
expectTypeOf(predicted.clicks);
const some = await trainer.predict(inputs, { tasks: ["ctr"] });
expectTypeOf(some).toEqualTypeOf<Readonly<Record<"ctr", Float32Array>>>();
// @ts-expect-error: an output that was not asked for
expectTypeOf(some.value);
// @ts-expect-error: an unknown task asked for
await trainer.predict(inputs, { tasks: ["other"] });
const { losses, metrics } = await trainer.evaluate({ inputs, labels: { ctr: [1] } });
expectTypeOf(losses.ctr).toEqualTypeOf<number | undefined>();
// @ts-expect-error: no such task
expectTypeOf(losses.other);
// @ts-expect-error: no such task
expectTypeOf(metrics.other);

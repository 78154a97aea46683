import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tensor } from "@tensorflow/tfjs";
import { useBackend } from "@polytask/backend";
import { batchNorm, dense, dropout, mlp } from "@polytask/blocks";
import {
  type ArchitecturePlugin,
  binary,
  CONTRACT,
  createTrainer,
  type EncoderPlugin,
  identity,
  PolytaskError,
  regression,
  sgd,
  seededRandom,
  type Trainer,
  type TrainerState,
} from "@polytask/core";
import { expectNoLeak } from "@polytask/testkit";
import { features, fittedFeatures, type FittedFeatures } from "@polytask/features";

type Name = "hit" | "gross";
const tasks = { hit: binary(), gross: regression() };

/** A shared layer with batch normalisation and dropout under two linear heads. */
function network(): ArchitecturePlugin<Name> {
  return {
    kind: "architecture",
    name: "arch-test",
    contract: CONTRACT,
    create: (scope) => {
      const all = scope.tasks;
      const input = (scope.inputs as readonly number[])[0];
      const base = mlp(scope, { name: "base", tasks: all, input, hidden: [8] });
      const norm = batchNorm(scope, { name: "norm", tasks: all, input: 8, momentum: 0.9 });
      const drop = dropout<Name>({ input: 8, rate: 0.25 });
      const hit = dense(scope, { name: "hit", tasks: ["hit"], input: 8, units: 1 });
      const gross = dense(scope, { name: "gross", tasks: ["gross"], input: 8, units: 1 });
      return {
        parameters: [base, norm, hit, gross].flatMap(({ parameters }) => parameters),
        buffers: norm.buffers ?? [],
        lastShared: base.last.map(({ variable }) => variable),
        forward: (x, pass) => {
          const h = drop.forward(norm.forward(base.forward(x as Tensor, pass), pass), pass);
          return { hit: hit.forward(h, pass), gross: gross.forward(h, pass) };
        },
      };
    },
  };
}

/** Films whose success depends on budget and rating; some values and labels are missing. */
function films(rows: number, seed: number) {
  const random = seededRandom(seed)("films");
  const ratings = ["G", "PG", "R", null];
  const list = Array.from({ length: rows }, () => {
    const rating = random.integer(4);
    const budget = random.uniform() < 0.2 ? null : 100 * random.uniform();
    const worth = (budget ?? 50) / 50 - 1 + (rating - 1.5) / 2;
    const gross = random.uniform() < 0.3 ? null : worth + 0.1 * random.normal();
    return {
      budget,
      rating: ratings[rating],
      hit: random.uniform() < 0.3 ? null : Number(worth > 0),
      gross,
    };
  });
  return {
    inputs: { budget: list.map((film) => film.budget), rating: list.map((film) => film.rating) },
    labels: { hit: list.map((film) => film.hit), gross: list.map((film) => film.gross) },
  };
}

const train = films(90, 1);
const unfitted = features({ numeric: ["budget"], categorical: { rating: { dimension: 3 } } });

const make = (encoder: FittedFeatures, seed = 4): Promise<Trainer<Name>> =>
  createTrainer(
    tasks,
    {
      architecture: network(),
      encoder,
      surgery: identity(),
      optimizer: sgd({ learningRate: 0.1 }),
    },
    { seed },
  );

const valuesOf = (state: TrainerState): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(state.variables).map(([name, { values }]) => [name, [...values]]),
  );

describe.each(["cpu", "wasm"] as const)("in a trainer on %s", (backend) => {
  let encoder: FittedFeatures;
  beforeAll(async () => {
    await useBackend(backend);
    encoder = await unfitted.fit(train);
  });
  afterAll(async () => {
    await useBackend("cpu");
  });

  it("learns, without leaking a tensor", async () => {
    await expectNoLeak(async () => {
      await using trainer = await make(encoder);
      const lossesNow = async () => (await trainer.evaluate(train)).losses as Record<Name, number>;
      const before = await lossesNow();
      const tables = (await trainer.state()).variables["encoder/rating/table"].values;
      const { epochs } = await trainer.fit(train, { epochs: 8, batchSize: 30 });
      const after = await lossesNow();
      expect(epochs).toHaveLength(8);
      expect(after.gross).toBeLessThan(before.gross / 2);
      expect(after.hit).toBeLessThan(before.hit);
      expect((await trainer.state()).variables["encoder/rating/table"].values).not.toEqual(tables);
    });
  });

  it("stopped after any step and restored elsewhere, goes on bit for bit", async () => {
    await expectNoLeak(async () => {
      await using straight = await make(encoder);
      await straight.fit(train, { steps: 8, batchSize: 40 });
      const expected = valuesOf(await straight.state());
      // Fitted on other films: means differ, sizes agree.
      const elsewhere = await unfitted.fit(films(70, 2));
      expect(elsewhere.statistics).not.toEqual(encoder.statistics);
      for (const stop of [1, 2, 5]) {
        await using first = await make(encoder);
        await first.fit(train, { steps: stop, batchSize: 40 });
        const state = structuredClone(await first.state());
        await using second = await make(elsewhere, 99);
        await second.restore(state);
        await second.fit(train, { steps: 8, batchSize: 40 });
        expect(valuesOf(await second.state())).toEqual(expected);
        expect(await second.predict(train.inputs)).toEqual(await straight.predict(train.inputs));
      }
    });
  });
});

it("refuses a checkpoint of other columns, and changes nothing", async () => {
  await expectNoLeak(async () => {
    await using source = await make(
      await features({ numeric: ["budget"], categorical: { year: { dimension: 3 } } }).fit({
        budget: train.inputs.budget,
        year: train.inputs.rating,
      }),
    );
    await using target = await make(await unfitted.fit(train));
    const before = await target.state();
    await expect(target.restore(await source.state())).rejects.toMatchObject({
      code: "POLYTASK_STATE",
    });
    expect(await target.state()).toEqual(before);
  });
});

it("refuses a checkpoint whose columns mean something else, and changes nothing", async () => {
  const swapped = await features({ numeric: ["gross", "budget"] }).fit({
    gross: [1, 2],
    budget: [3, 5],
  });
  const plain = await features({ numeric: ["budget", "gross"] }).fit({
    gross: [1, 2],
    budget: [3, 5],
  });
  await expectNoLeak(async () => {
    await using source = await make(swapped);
    await using target = await make(plain);
    const before = await target.state();
    await expect(target.restore(await source.state())).rejects.toMatchObject({
      code: "POLYTASK_STATE",
      message: expect.stringContaining('it has "gross" in the place of "budget"') as string,
    });
    expect(await target.state()).toEqual(before);
  });
});

it("serves from saved JSON what was trained", async () => {
  await using trained = await make(await unfitted.fit(train));
  await trained.fit(train, { epochs: 1 });
  const { encoder: statistics } = (await trained.state()).parts;
  await using served = await make(
    fittedFeatures(JSON.parse(JSON.stringify(statistics)) as FittedFeatures["statistics"]),
  );
  await served.restore(await trained.state());
  expect(await served.predict(train.inputs)).toEqual(await trained.predict(train.inputs));
});

it("says what was forgotten when it is not fitted, and leaves nothing behind", async () => {
  await expectNoLeak(async () => {
    const encoder = unfitted as unknown as EncoderPlugin<Name>;
    const made = createTrainer(tasks, { architecture: network(), encoder });
    await expect(made).rejects.toBeInstanceOf(PolytaskError);
    await expect(made).rejects.toMatchObject({ code: "POLYTASK_UNFITTED" });
  });
});

it("names column and row of a bad value, and the trainer stays usable", async () => {
  await using trainer = await make(await unfitted.fit(train));
  const budget: (number | null)[] = [...train.inputs.budget];
  budget[7] = Infinity;
  const bad = { ...train, inputs: { ...train.inputs, budget } };
  await expect(trainer.fit(bad, { epochs: 1 })).rejects.toMatchObject({
    code: "POLYTASK_DATA",
    message: expect.stringContaining(
      'column "budget": every value must be a finite number',
    ) as string,
  });
  const short = { ...train, inputs: { ...train.inputs, rating: ["G"] } };
  await expect(trainer.fit(short, { epochs: 1 })).rejects.toMatchObject({ code: "POLYTASK_DATA" });
  expect((await trainer.fit(train, { epochs: 1 })).epoch).toBe(1);
});

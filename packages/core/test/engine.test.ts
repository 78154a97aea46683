import * as tf from "@tensorflow/tfjs";
import {
  binary,
  CONTRACT,
  createTrainer,
  eager,
  type Engine,
  type EnginePlugin,
  type EngineScope,
  input,
  type ObserverPlugin,
  type Parts,
  regression,
  sgd,
  type TrainerState,
} from "@polytask/core";
import { makeTensor, readTensor } from "@polytask/core/engine";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { someData, tiny } from "./tiny.ts";

type Names = "click" | "price";

let tensors = 0;
beforeEach(async () => {
  await tf.setBackend("cpu");
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const start = (engine: EnginePlugin<Names>, more: Partial<Parts<Names>> = {}) =>
  createTrainer<Names>(
    { click: binary(), price: regression() },
    {
      architecture: tiny(),
      encoder: input([4]),
      optimizer: sgd({ learningRate: 0.1 }),
      engine,
      ...more,
    },
  );
const data = someData(40, 3);
const reading = { batchSize: 8 } as const;
const made = (engine: Engine<Names> | Promise<Engine<Names>>): Engine<Names> =>
  engine as Engine<Names>;

/** Keeps the current values to itself: between steps the network's variables hold those of the beginning. */
function lagging(flushes: string[] = []): EnginePlugin<Names> {
  return {
    kind: "engine",
    name: "engine-lagging",
    contract: CONTRACT,
    create: async (scope) => {
      const inner = made(eager<Names>().create(scope));
      const variables = [...scope.network.parameters].map(({ variable }) => variable);
      const read = () => Promise.all(variables.map(readTensor));
      const write = (values: Awaited<ReturnType<typeof read>>): void => {
        tf.tidy(() => {
          values.forEach((value, i) => variables[i].assign(makeTensor(value)));
        });
      };
      const stale = await read();
      let held = await read();
      const withHeld = async <Value>(run: () => Value | Promise<Value>): Promise<Value> => {
        write(held);
        try {
          return await run();
        } finally {
          held = await read();
          write(stale);
        }
      };
      return {
        ...inner,
        gather: (batch, info) => withHeld(() => inner.gather(batch, info)),
        apply: (info) => withHeld(() => inner.apply(info)),
        scores: (batch, place) => withHeld(() => inner.scores(batch, place)),
        flush: () => {
          flushes.push("flush");
          write(held);
        },
        load: async (state) => {
          held = await read();
          await inner.load(state);
        },
      };
    },
  };
}

/** Takes the state after every epoch. */
const keeping = (states: TrainerState[]): ObserverPlugin<Names> => ({
  kind: "observer",
  name: "observer-keeping",
  contract: CONTRACT,
  create: () => ({
    epoch: async ({ state }) => {
      states.push(structuredClone(await state()));
    },
  }),
});

describe("an engine whose variables lag behind", () => {
  it("gives observers and callers the same states as the eager engine", async () => {
    const [own, plain]: [TrainerState[], TrainerState[]] = [[], []];
    await using one = await start(lagging(), { observers: [keeping(own)] });
    await using other = await start(eager(), { observers: [keeping(plain)] });
    for (const trainer of [one, other]) {
      await trainer.fit(data, { epochs: 2, ...reading });
      await trainer.fit(data, { steps: 13, ...reading });
    }
    expect(own).toHaveLength(2);
    expect(own).toEqual(plain);
    expect(await one.state()).toEqual(await other.state());
    expect(await one.predict(data.inputs)).toEqual(await other.predict(data.inputs));
  });

  it("goes on from a state that was restored", async () => {
    await using one = await start(lagging());
    await using other = await start(eager());
    await other.fit(data, { steps: 4, ...reading });
    await one.fit(data, { steps: 2, ...reading });
    await one.restore(await other.state());
    for (const trainer of [one, other]) await trainer.fit(data, { steps: 7, ...reading });
    expect(await one.state()).toEqual(await other.state());
  });

  it("is flushed when fit ends, also by an abort or an error, before observers end", async () => {
    const flushes: string[] = [];
    const controller = new AbortController();
    let act = (): void => undefined;
    const observer: ObserverPlugin<Names> = {
      kind: "observer",
      name: "observer-acting",
      contract: CONTRACT,
      create: () => ({
        step: () => {
          act();
        },
        end: () => void flushes.push("end"),
      }),
    };
    await using trainer = await start(lagging(flushes), { observers: [observer] });
    await trainer.fit(data, { steps: 1, ...reading });
    expect(flushes).toEqual(["flush", "end"]);
    act = () => {
      controller.abort();
    };
    await trainer.fit(data, { steps: 3, ...reading, signal: controller.signal });
    expect(flushes).toEqual(["flush", "end", "flush", "end"]);
    act = () => {
      throw new Error("from an observer");
    };
    await expect(trainer.fit(data, { steps: 3, ...reading })).rejects.toThrow("from an observer");
    expect(flushes).toEqual(["flush", "end", "flush", "end", "flush", "end"]);
  });
});

it("an engine can hand over to the eager one in the middle of a run", async () => {
  const handingOver: EnginePlugin<Names> = {
    kind: "engine",
    name: "engine-handing-over",
    contract: CONTRACT,
    create: async (scope: EngineScope<Names>) => {
      let current = await lagging().create(scope);
      let steps = 0;
      const change = async (): Promise<void> => {
        await current.flush?.();
        const next = made(eager<Names>().create(scope));
        await next.load(await current.save());
        current.dispose();
        current = next;
      };
      return {
        offers: [],
        gather: async (batch, info) => {
          if (steps++ === 3) await change();
          await current.gather(batch, info);
        },
        apply: (info) => current.apply(info),
        discard: () => {
          current.discard();
        },
        scores: (batch, place) => current.scores(batch, place),
        flush: () => current.flush?.(),
        save: () => current.save(),
        load: (state) => current.load(state),
        dispose: () => {
          current.dispose();
        },
      };
    },
  };
  await using one = await start(handingOver);
  await using other = await start(eager());
  for (const trainer of [one, other]) await trainer.fit(data, { steps: 7, ...reading });
  expect(await one.state()).toEqual(await other.state());
});

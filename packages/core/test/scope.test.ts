import * as tf from "@tensorflow/tfjs";
import {
  binary,
  clockToken,
  CONTRACT,
  createTrainer,
  input,
  loggerToken,
  type ObserverPlugin,
  optimizerToken,
  type Parts,
  randomToken,
  regression,
  seededRandom,
  sgd,
  type StepReport,
  token,
} from "@polytask/core";
import { container } from "tsyringe";
import { describe, expect, it } from "vitest";
import { someData, tiny } from "./tiny.ts";

type Names = "click" | "price";
const tasks = { click: binary(), price: regression() };
const parts: Parts<Names> = { architecture: tiny(), encoder: input([4]) };

const observer = (
  name: string,
  create: ObserverPlugin<Names>["create"],
): ObserverPlugin<Names> => ({ kind: "observer", name, contract: CONTRACT, create });

describe("a host's container", () => {
  it("replaces clock, logger, random source and optimizer without touching parts", async () => {
    const host = container.createChildContainer();
    let time = 0;
    const lines: string[] = [];
    const asked: string[] = [];
    host.register(clockToken, { useValue: () => (time += 1000) });
    host.register(loggerToken, {
      useValue: {
        debug: () => undefined,
        info: (m: string) => void lines.push(m),
        warn: () => undefined,
      },
    });
    host.register(randomToken, {
      useValue: (name: string) => {
        asked.push(name);
        return seededRandom(1)(name);
      },
    });
    host.register(optimizerToken, { useValue: sgd({ learningRate: 0.125 }) });
    const reports: StepReport<Names>[] = [];
    const speak = observer("observer-speak", ({ logger }) => ({
      step: (report) => {
        reports.push(report);
        logger.info(`step ${report.step}`);
      },
    }));
    await using trainer = await createTrainer(
      tasks,
      { ...parts, observers: [speak] },
      { container: host },
    );
    await trainer.fit(someData(8), { steps: 1 });
    expect(reports[0].milliseconds).toBeGreaterThanOrEqual(1000);
    expect(reports[0].milliseconds % 1000).toBe(0);
    expect(reports[0].rate).toBe(0.125);
    expect(lines).toEqual(["step 0"]);
    expect(asked).toContain("architecture/init");
  });

  it("hands a third party's value to a plugin, and says what is not bound", async () => {
    const greeting = token<string>("greeting");
    const host = container.createChildContainer();
    let read = "";
    const reader = observer("observer-reader", (scope) => {
      read = scope.resolve(greeting);
      return {};
    });
    await expect(
      createTrainer(tasks, { ...parts, observers: [reader] }, { container: host }),
    ).rejects.toThrow(/"greeting".*POLYTASK_UNBOUND/);
    host.register(greeting, { useValue: "hello" });
    await using trainer = await createTrainer(
      tasks,
      { ...parts, observers: [reader] },
      { container: host },
    );
    expect(read).toBe("hello");
    expect(trainer.tasks).toEqual(["click", "price"]);
  });

  it("isolates two trainers made from it, also when they share plugin values", async () => {
    const host = container.createChildContainer();
    const data = someData(16);
    await using one = await createTrainer(tasks, parts, { container: host });
    await using other = await createTrainer(tasks, parts, { container: host });
    const before = await other.state();
    await one.fit(data, { epochs: 2 });
    expect(await other.state()).toEqual(before);
    await one.dispose();
    await other.fit(data, { epochs: 1 });
  });
});

describe("disposal", () => {
  const noting = (log: string[], name: string, fail = false) =>
    observer(`observer-${name}`, (scope) => {
      scope.variable(() => tf.zeros([2]));
      scope.onDispose(() => log.push(name));
      if (fail) throw new Error(name);
      return {};
    });

  it("is newest first", async () => {
    const log: string[] = [];
    const trainer = await createTrainer(tasks, {
      ...parts,
      observers: ["a", "b", "c"].map((name) => noting(log, name)),
    });
    await trainer.dispose();
    expect(log).toEqual(["c", "b", "a"]);
  });

  it("is newest first also when the third part throws while being made", async () => {
    const before = tf.memory().numTensors;
    const log: string[] = [];
    await expect(
      createTrainer(tasks, {
        ...parts,
        observers: [noting(log, "a"), noting(log, "b"), noting(log, "c", true), noting(log, "d")],
      }),
    ).rejects.toThrow("c");
    expect(log).toEqual(["c", "b", "a"]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

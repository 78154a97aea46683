import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  binary,
  CONTRACT,
  createTrainer,
  input,
  type ObserverPlugin,
  regression,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { container as root } from "tsyringe";
import { beforeAll, describe, expect, it } from "vitest";
import { openApplication } from "../src/application.ts";
import { bookkeeping, ledgerToken } from "../src/bookkeeping.ts";
import { type HostTask, makeTrainer, pairs, weightsOf } from "../src/train.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** The same network with a seed of its own and no container. */
const withSeed = (seed: number) =>
  createTrainer(
    { sum: regression(), larger: binary() },
    { encoder: input([2]), architecture: sharedBottom({ hidden: [4] }) },
    { seed },
  );

describe("a host's container", () => {
  it("supplies the random source", async () => {
    const { container, streams } = openApplication();
    await using trainer = await makeTrainer(container, []);
    await using alike = await withSeed(2024);
    await using other = await withSeed(0);
    expect(await weightsOf(trainer)).toEqual(await weightsOf(alike));
    expect(await weightsOf(trainer)).not.toEqual(await weightsOf(other));
    expect(streams.length).toBeGreaterThan(0);
    expect(new Set(streams).size).toBe(streams.length);
  });

  it("supplies the optimizer of parts that name none: Adam's first step is its rate", async () => {
    const { container } = openApplication();
    await using trainer = await makeTrainer(container, []);
    const before = await weightsOf(trainer);
    await trainer.fit(pairs, { steps: 1 });
    const after = await weightsOf(trainer);
    const steps = after.map((value, i) => Math.abs(value - before[i]));
    const moved = steps.filter((step) => step > 0);
    expect(moved.length).toBeGreaterThan(steps.length / 2);
    for (const step of moved) expect(step).toBeCloseTo(0.05, 4);
  });

  it("supplies clock and logger, and a token of a third party", async () => {
    const { container, log, ledgers } = openApplication();
    await using trainer = await makeTrainer(container, [bookkeeping("books")]);
    const { epochs } = await trainer.fit(pairs, { epochs: 2 });
    for (const { milliseconds } of epochs) {
      expect(milliseconds).toBeGreaterThan(0);
      expect(Number.isInteger(milliseconds)).toBe(true);
    }
    await trainer.dispose();
    expect(log).toEqual(["info books: opened", "info books: closed"]);
    expect(ledgers).toHaveLength(1);
    expect(ledgers[0].map((line) => line.split(",")[0])).toEqual([
      "books: epoch 0",
      "books: epoch 1",
    ]);
  });

  it("lacks what nobody bound", async () => {
    const empty = root.createChildContainer();
    await expect(makeTrainer(empty, [bookkeeping("books")])).rejects.toMatchObject({
      code: "POLYTASK_UNBOUND",
    });
    expect(openApplication().container.isRegistered(ledgerToken)).toBe(true);
    expect(root.isRegistered(ledgerToken)).toBe(false);
  });

  it("serves two trainers that share nothing", async () => {
    const { container, ledgers } = openApplication();
    await using a = await makeTrainer(container, [bookkeeping("A")]);
    await using b = await makeTrainer(container, [bookkeeping("B")]);
    const start = await weightsOf(b);
    await a.fit(pairs, { epochs: 3, batchSize: 2 });
    expect(await weightsOf(b)).toEqual(start);
    expect(await weightsOf(a)).not.toEqual(start);
    expect(ledgers.map(({ length }) => length)).toEqual([3, 0]);
    // A's training has moved none of B's streams: B goes the same way, batch by batch.
    await b.fit(pairs, { epochs: 3, batchSize: 2 });
    expect(await weightsOf(b)).toEqual(await weightsOf(a));
    await a.dispose();
    expect((await b.predict(pairs.inputs)).sum).toHaveLength(6);
  });
});

describe("disposal", () => {
  it("runs newest first, once", async () => {
    const before = tf.memory().numTensors;
    const { container, log } = openApplication();
    const trainer = await makeTrainer(
      container,
      ["1", "2", "3"].map((title) => bookkeeping(title)),
    );
    await trainer.fit(pairs, { epochs: 1 });
    log.splice(0);
    await trainer.dispose();
    await trainer.dispose();
    expect(log).toEqual(["info 3: closed", "info 2: closed", "info 1: closed"]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("runs newest first also when the third part throws while it is made", async () => {
    const before = tf.memory().numTensors;
    const { container, log } = openApplication();
    const broken: ObserverPlugin<HostTask> = {
      kind: "observer",
      name: "observer-broken",
      contract: CONTRACT,
      create: () => {
        throw new Error("no room left");
      },
    };
    const parts = [bookkeeping<HostTask>("1"), bookkeeping<HostTask>("2"), broken];
    await expect(makeTrainer(container, parts)).rejects.toThrow("no room left");
    expect(log).toEqual(["info 1: opened", "info 2: opened", "info 2: closed", "info 1: closed"]);
    expect(tf.memory().numTensors).toBe(before);
    // The container has come to no harm.
    await using trainer = await makeTrainer(container, [bookkeeping("4")]);
    await trainer.fit(pairs, { epochs: 1 });
  });
});

it("prints what happened", async () => {
  const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [main]);
  expect(stdout).toContain("started alike, from the application's random source: true");
  expect(stdout).toContain("B stands where it stood: true");
  expect(stdout).toMatch(/B2: closed\n.*B1: closed\n.*A: closed/);
  expect(stdout).toMatch(
    /no room left\n.*first: opened\n.*second: opened\n.*second: closed\n.*first: closed/,
  );
});

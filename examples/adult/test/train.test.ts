import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "@polytask/backend";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { type Adult, type AdultPart, loadAdult } from "../src/data.ts";
import { train } from "../src/train.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const dir = join(process.env["POLYTASK_DATA"] ?? join(root, "../shared/data"), "adult");
const here = existsSync(dir);
if (!here) console.warn(`no folder ${dir}: training on Adult is not tested; set POLYTASK_DATA`);

beforeAll(async () => {
  await useBackend("wasm");
});

describe.skipIf(!here)("MMoE on Adult", () => {
  it("tells all three labels better than chance from 4,000 people, the same twice", async () => {
    const all = await loadAdult(dir);
    const some: Adult = { train: first(all.train, 4000), test: first(all.test, 2000) };
    const budget = { epochs: 3, batchSize: 256, learningRate: 3e-3 };
    const before = tf.memory().numTensors;
    const found = await train(some, 0, budget);
    expect(found.income).toBeGreaterThan(0.8);
    expect(found.neverMarried).toBeGreaterThan(0.8);
    expect(found.education).toBeGreaterThan(0.65);
    expect(await train(some, 0, budget)).toEqual(found);
    expect(tf.memory().numTensors).toBe(before);
  });
});

function first({ inputs, labels }: AdultPart, rows: number): AdultPart {
  const cut = <Columns extends object>(columns: Columns): Columns =>
    Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, (column as unknown[]).slice(0, rows)]),
    ) as Columns;
  return { inputs: cut(inputs), labels: cut(labels) };
}

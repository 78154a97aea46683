import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { type Columns, createTrainer, input, type Rows, type Trainer } from "@polytask/core";
import { networkOf } from "@polytask/core/engine";
import { exportOnnx, onnx } from "@polytask/engine-onnx";
import { features } from "@polytask/features";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  architectures,
  columns,
  counted,
  exportedAs,
  lengths,
  numbers,
  type Score,
  scoring,
  slice,
  trained,
  two,
  type Two,
  waves,
} from "./export-support.ts";

/** A Python that has the reference checker of ONNX. */
const python = await (async () => {
  const named = process.env["POLYTASK_BENCH_PYTHON"];
  if (named === undefined) return undefined;
  return await promisify(execFile)(named, ["-c", "import onnx"]).then(
    () => named,
    () => undefined,
  );
})();

let folder: string;
beforeAll(async () => {
  await tf.ready();
  folder = await mkdtemp(join(tmpdir(), "polytask-export-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What the file computes for prepared columns. */
async function runFile<Name extends string>(
  file: string,
  trainer: Trainer<Name>,
  inputs: Columns,
): Promise<InferenceSession.OnnxValueMapType> {
  const prepared = await networkOf(trainer).encoder.prepare(inputs);
  const session = await InferenceSession.create(file, { logSeverityLevel: 2 });
  const feeds = Object.entries(prepared).map(([name, { values, shape, dtype }]: [string, Rows]) => {
    const size = values.length / shape.reduce((a, b) => a * b, 1);
    return [name, new OnnxTensor(dtype, values, [size, ...shape])];
  });
  const results = await session.run(Object.fromEntries(feeds) as Record<string, OnnxTensor>);
  await session.release();
  return results;
}

/** The largest difference between the file and the trainer, relative to predictions above 1. */
async function difference<Name extends string>(
  file: string,
  trainer: Trainer<Name>,
  inputs: Columns,
): Promise<number> {
  const [found, wanted] = [await runFile(file, trainer, inputs), await trainer.predict(inputs)];
  expect(Object.keys(found)).toEqual(trainer.tasks);
  const away = trainer.tasks.flatMap((name) => {
    const values = found[name].data as Float32Array;
    expect(values.length).toBe(wanted[name].length);
    return Array.from(
      values,
      (value, i) => Math.abs(value - wanted[name][i]) / Math.max(1, Math.abs(wanted[name][i])),
    );
  });
  return Math.max(...away);
}

describe.each(Object.entries(architectures))("an exported %s", (name, architecture) => {
  it("predicts what the trainer predicts, for any number of examples", async () => {
    await using trainer = await trained(architecture());
    const file = join(folder, `${name}.onnx`);
    const before = tf.memory().numTensors;
    const model = await exportOnnx(trainer, file);
    expect(tf.memory().numTensors).toBe(before);
    expect(model).toEqual(exportedAs);
    for (const rows of [1, 3, 64]) {
      expect(await difference(file, trainer, slice(columns, rows))).toBeLessThan(1e-5);
    }
  });

  it.skipIf(python === undefined)(
    "passes the checker of ONNX, in the Python that POLYTASK_BENCH_PYTHON names, if that has onnx",
    async () => {
      await checkWithOnnx(python ?? "", join(folder, `${name}.onnx`));
    },
  );
});

async function checkWithOnnx(command: string, file: string): Promise<void> {
  const program = [
    "import sys, onnx",
    "model = onnx.load(sys.argv[1])",
    "onnx.checker.check_model(model, full_check=True)",
    "print('checked', model.opset_import[0].version)",
  ].join("\n");
  const { stdout } = await promisify(execFile)(command, ["-c", program, file]);
  expect(stdout.trim()).toBe("checked 20");
}

const anywhere = (): string => join(folder, "some.onnx");

describe("the batch's size in a forward pass", () => {
  const exported = async (
    score: Score,
    use: (trainer: Trainer<Two>) => Promise<void>,
  ): Promise<void> => {
    await using trainer = await createTrainer(two, {
      encoder: input({ x: [2] }),
      architecture: scoring(score),
    });
    await exportOnnx(trainer, anywhere(), { inputs: slice(waves, 1) });
    await use(trainer);
  };
  const one = (x: Tensor): Tensor => tf.sum(x, 1, true);

  it.each(lengths)("%s", async (_, score) => {
    await exported(score, async (trainer) => {
      for (const rows of [1, 2, 5, 64]) {
        expect(await difference(anywhere(), trainer, slice(waves, rows))).toBeLessThan(1e-5);
      }
    });
  });

  it.each(numbers)("is no number to compute with: %s", async (_, score, found) => {
    const failed = exported(score, () => Promise.resolve());
    await expect(failed).rejects.toMatchObject({
      code: "POLYTASK_ONNX_EXPORT",
      found: expect.stringMatching(found) as string,
    });
  });

  it("may not decide what is computed", async () => {
    const failed = exported(
      (x) => (x.shape[0] > 100 ? tf.exp(one(x)) : one(x)),
      () => Promise.resolve(),
    );
    await expect(failed).rejects.toMatchObject({ code: "POLYTASK_ONNX_EXPORT" });
  });

  it("keeps host values of the moment, and refuses noise", async () => {
    let temperature = 2;
    const host: Score = (x, _, pass) =>
      tf.div(
        one(x),
        pass.host("temperature", [], () => [temperature]),
      );
    await exported(host, async (trainer) => {
      const [before] = (await trainer.predict(slice(waves, 1))).a;
      temperature = 1;
      const { a } = await runFile(anywhere(), trainer, slice(waves, 1));
      expect((a.data as Float32Array)[0]).toBeCloseTo(before, 6);
    });
    const noise: Score = (x, _, pass) => tf.add(one(x), one(pass.noise(x.shape)));
    await expect(exported(noise, () => Promise.resolve())).rejects.toMatchObject({
      code: "POLYTASK_ONNX_EXPORT",
      required: "inference must be a function of the columns",
    });
  });
});

describe("an export", () => {
  const bottom = () => sharedBottom<Two>({ hidden: [4] });

  it("holds the parameters under their names, and what the encoder has fitted", async () => {
    const encoder = await features({ numeric: ["income"], categorical: { city: {} } }).fit(columns);
    await using trainer = await createTrainer(two, { encoder, architecture: bottom() });
    await exportOnnx(trainer, anywhere(), { inputs: slice(columns, 1) });
    const text = (await readFile(anywhere())).toString("utf8");
    for (const { info } of networkOf(trainer).parameters) expect(text).toContain(info.name);
    expect(text).toContain("polytask.encoder");
    expect(text).toContain(JSON.stringify(encoder.statistics));
  });

  it("reads what a compiled engine has trained", async () => {
    const inputs = { x: counted((i) => [Math.sin(i), Math.cos(i)]) };
    await using trainer = await createTrainer(two, {
      encoder: input({ x: [2] }),
      architecture: scoring((x, weight) => tf.sum(tf.matMul(x, weight), 1, true)),
      engine: onnx({ threads: 1 }),
    });
    const targets = { a: counted((i) => Math.sin(2 * i)), b: counted((i) => i % 2) };
    await trainer.fit({ inputs, labels: targets }, { steps: 3 });
    await exportOnnx(trainer, anywhere());
    expect(await difference(anywhere(), trainer, inputs)).toBeLessThan(1e-5);
  });

  it("asks for an example where the trainer has seen none", async () => {
    await using trainer = await createTrainer(two, { encoder: input([3]), architecture: bottom() });
    await expect(exportOnnx(trainer, anywhere())).rejects.toMatchObject({
      code: "POLYTASK_ONNX_EXPORT",
      found: "this trainer has not seen any data",
    });
    const { inputs } = await exportOnnx(trainer, anywhere(), { inputs: [[1, 2, 3]] });
    expect(inputs).toEqual([{ name: "input", type: "float32", shape: ["batch", 3] }]);
  });

  it("refuses a name for both a column and a task", async () => {
    await using trainer = await createTrainer(two, {
      encoder: input({ a: [2] }),
      architecture: scoring((x, weight) => tf.sum(tf.matMul(x, weight), 1, true)),
    });
    await expect(
      exportOnnx(trainer, anywhere(), { inputs: { a: [[1, 2]] } }),
    ).rejects.toMatchObject({
      code: "POLYTASK_ONNX_EXPORT",
      found: '"a" is a column and a task',
    });
  });

  it("is refused after dispose", async () => {
    const trainer = await createTrainer(two, { encoder: input([2]), architecture: bottom() });
    await trainer.predict([[1, 2]]);
    await trainer.dispose();
    await expect(exportOnnx(trainer, anywhere())).rejects.toMatchObject({
      code: "POLYTASK_NOT_AVAILABLE",
    });
  });
});

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { mmoe } from "@polytask/arch-mmoe";
import { ple } from "@polytask/arch-ple";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  type ArchitecturePlugin,
  binary,
  type Columns,
  CONTRACT,
  createTrainer,
  input,
  multiclass,
  type Pass,
  regression,
  type Rows,
  type Task,
  type Trainer,
} from "@polytask/core";
import { networkOf } from "@polytask/core/engine";
import { exportOnnx, onnx } from "@polytask/engine-onnx";
import { features } from "@polytask/features";
import { adam } from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

type Names = "click" | "price" | "kind";
const tasks = {
  click: binary(),
  price: regression({ mean: 100, deviation: 5 }),
  kind: multiclass(3),
};

const EXAMPLES = 64;
const counted = <Value>(value: (i: number) => Value): Value[] =>
  Array.from({ length: EXAMPLES }, (_, i) => value(i));
/** Numbers and words, some missing, some unknown to training. */
const columns = {
  age: counted((i) => (i % 5 === 0 ? null : 20 + ((i * 7) % 40))),
  income: counted((i) => Math.sin(i) * 3),
  city: counted((i) => ["Oslo", "Rome", "Lima", null][i % 4]),
  device: counted((i) => (i * i) % 11),
};
const labels = {
  click: counted((i) => i % 2),
  price: counted((i) => 95 + (i % 11)),
  kind: counted((i) => i % 3),
};

const architectures: Readonly<Record<string, () => ArchitecturePlugin<Names>>> = {
  mmoe: () => mmoe({ experts: 3, hidden: [8, 4], towers: [4] }),
  ple: () => ple({ levels: 2, sharedExperts: 2, taskExperts: 1, hidden: [6] }),
  sharedBottom: () => sharedBottom({ hidden: [8, 4], towers: [4] }),
};

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

const slice = (from: Columns, rows: number): Columns =>
  Object.fromEntries(
    Object.entries(from).map(([name, values]) => [
      name,
      (values as readonly unknown[]).slice(0, rows),
    ]),
  );

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
    const encoder = await features({
      numeric: ["age", "income"],
      categorical: { city: {}, device: { dimension: 3 } },
    }).fit(slice(columns, 48));
    await using trainer = await createTrainer(
      tasks,
      { encoder, architecture: architecture(), optimizer: adam({ learningRate: 0.05 }) },
      { seed: 5 },
    );
    await trainer.fit({ inputs: columns, labels }, { steps: 10, batchSize: 16 });
    const file = join(folder, `${name}.onnx`);
    const before = tf.memory().numTensors;
    const model = await exportOnnx(trainer, file);
    expect(tf.memory().numTensors).toBe(before);
    expect(model).toEqual({
      inputs: [
        { name: "age", type: "float32", shape: ["batch", 2] },
        { name: "income", type: "float32", shape: ["batch", 1] },
        { name: "city", type: "int32", shape: ["batch"] },
        { name: "device", type: "int32", shape: ["batch"] },
      ],
      outputs: [
        { name: "click", type: "float32", shape: ["batch", 1] },
        { name: "price", type: "float32", shape: ["batch", 1] },
        { name: "kind", type: "float32", shape: ["batch", 3] },
      ],
    });
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

type Two = "a" | "b";
const two: Readonly<Record<Two, Task>> = { a: regression(), b: binary() };
const anywhere = (): string => join(folder, "some.onnx");

describe("the batch's size in a forward pass", () => {
  const waves = { x: counted((i) => [Math.sin(i), Math.cos(2 * i)]) };
  const exported = async (
    score: Parameters<typeof scoring>[0],
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

  it.each<readonly [string, Parameters<typeof scoring>[0]]>([
    [
      "goes into a reshape",
      (x, w) => tf.reshape(tf.matMul(tf.reshape(x, [-1, 2]), w), [-1, 1, 2]).sum(2),
    ],
    ["is doubled", (x) => one(tf.reshape(tf.exp(tf.reshape(x, [-1, 1])), [-1, 2]))],
    [
      "stands twice in a shape",
      (x) =>
        one(tf.reshape(tf.mul(tf.expandDims(x, 2), tf.ones([x.shape[0], 2, 3])), [x.shape[0], 6])),
    ],
    [
      "is that of a tensor of zeros",
      (x) => one(tf.concat([x, tf.zeros([x.shape[0], 3]), tf.ones([x.shape[0], 1])], 1)),
    ],
    [
      "is tiled to",
      (x, w) =>
        one(tf.mul(x, tf.tile(tf.reshape(tf.slice(w, [1, 0], [1, 2]), [1, 2]), [x.shape[0], 1]))),
    ],
    [
      "bounds a slice",
      (x) =>
        one(
          tf.slice(
            tf.pad(x, [
              [1, 1],
              [0, 1],
            ]),
            [1, 0],
            [x.shape[0], 3],
          ),
        ),
    ],
    [
      "shifts a slice",
      (x) => one(tf.slice(tf.concat([tf.neg(x), x], 0), [x.shape[0], 0], [x.shape[0], 2])),
    ],
    ["is gathered", (x, w) => one(tf.gather(w, tf.cast(tf.argMax(x, 1), "int32")))],
    ["is a choice", (x) => one(tf.where(tf.greater(x, 0.2), x, tf.fill(x.shape, 7)))],
    [
      "is one of many axes",
      (x, w) =>
        tf
          .sum(
            tf.matMul(
              tf.tile(tf.expandDims(x, 1), [1, 4, 1]),
              tf.tile(tf.expandDims(w, 0), [x.shape[0], 1, 1]),
            ),
            [1, 2],
          )
          .expandDims(1),
    ],
    [
      "is convolved",
      (x, w) =>
        one(
          tf.reshape(
            tf.conv1d(
              tf.expandDims<tf.Tensor3D>(x, 2),
              tf.reshape<tf.Rank.R3>(w, [2, 1, 2]),
              1,
              "same",
            ),
            [x.shape[0], 4],
          ),
        ),
    ],
    ["is normalised", (x) => one(tf.mul(tf.softmax(x), tf.sub(x, tf.mean(x, 1, true))))],
    ["is unstacked", (x) => tf.expandDims(tf.addN(tf.unstack(x, 1)), 1)],
  ])("%s", async (_, score) => {
    await exported(score, async (trainer) => {
      for (const rows of [1, 2, 5, 64]) {
        expect(await difference(anywhere(), trainer, slice(waves, rows))).toBeLessThan(1e-5);
      }
    });
  });

  it.each<readonly [string, Parameters<typeof scoring>[0], RegExp]>([
    [
      "a mean over examples",
      (x) => one(tf.sub(x, tf.mean(x, 0, true))),
      /"value" of Constant is 0\.0\d+, 0\.0\d+/,
    ],
    ["a product with the size", (x) => one(tf.mul(x, x.shape[0])), /"value" of Constant/],
    [
      "a number per place in the batch",
      (x) => tf.mul(one(x), tf.expandDims(tf.range(0, x.shape[0]), 1)),
      /"values" of Literal|result of Literal/,
    ],
  ])("is no number to compute with: %s", async (_, score, found) => {
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
    const host: Parameters<typeof scoring>[0] = (x, _, pass) =>
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
    const noise: Parameters<typeof scoring>[0] = (x, _, pass) =>
      tf.add(one(x), one(pass.noise(x.shape)));
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

/** A model of one weight [2, 2] whose scores a test computes. */
function scoring(
  score: (x: Tensor2D, weight: Tensor2D, pass: Pass<"a" | "b">) => Tensor,
): ArchitecturePlugin<"a" | "b"> {
  return {
    kind: "architecture",
    name: "arch-scoring",
    contract: CONTRACT,
    create: (scope) => {
      const variable = scope.variable(() => tf.tensor2d([0.5, -1, 2, 0.25], [2, 2]));
      return {
        parameters: [{ name: "weight", variable, tasks: scope.tasks }],
        lastShared: [variable],
        forward: (inputs, pass) => {
          const column = inputs instanceof tf.Tensor ? inputs : Object.values(inputs)[0];
          const scores = score(column as Tensor2D, variable as Tensor as Tensor2D, pass);
          return { a: scores, b: scores };
        },
      };
    },
  };
}

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { type Columns, createTrainer, input, type Rows, type Trainer } from "@polytask/core";
import { networkOf } from "@polytask/core/engine";
import { exportSavedModel, tensorflow } from "@polytask/engine-tensorflow";
import { features } from "@polytask/features";
import * as tf from "@tensorflow/tfjs";
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
import { type ReadModel, readSavedModel } from "./saved-model-reader.ts";
import { isThere, openSavedModel } from "./saved-model-session.ts";
import { inChild, tfjsNode } from "./tfjs-node.ts";

let folder: string;
beforeAll(async () => {
  await tf.ready();
  folder = await mkdtemp(join(tmpdir(), "polytask-saved-model-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;
const fresh = (): string => join(folder, "models", String(count++));

const read = async (dir: string): Promise<ReadModel> =>
  readSavedModel(await readFile(join(dir, "saved_model.pb")));

/** Prepared columns with their shapes. */
async function prepared<Name extends string>(trainer: Trainer<Name>, inputs: Columns) {
  const rows = await networkOf(trainer).encoder.prepare(inputs);
  return Object.entries(rows).map(([name, { values, shape }]: [string, Rows]) => ({
    name,
    values: values,
    shape: [values.length / shape.reduce((a, b) => a * b, 1), ...shape],
  }));
}

/** The largest difference between results and the trainer, relative to predictions above 1. */
async function away<Name extends string>(
  found: Readonly<Record<string, ArrayLike<number>>>,
  trainer: Trainer<Name>,
  inputs: Columns,
): Promise<number> {
  const wanted = await trainer.predict(inputs);
  const all = trainer.tasks.flatMap((name) => {
    expect(found[name].length).toBe(wanted[name].length);
    return Array.from(
      found[name],
      (value, i) => Math.abs(value - wanted[name][i]) / Math.max(1, Math.abs(wanted[name][i])),
    );
  });
  return Math.max(...all);
}

/** The largest difference between the folder, loaded by TensorFlow, and the trainer, for batches of these sizes. */
async function difference<Name extends string>(
  dir: string,
  trainer: Trainer<Name>,
  inputs: Columns,
  sizes: readonly number[],
): Promise<number> {
  const { signatures } = await read(dir);
  const { inputs: taken, outputs } = signatures["serving_default"];
  const session = openSavedModel(dir);
  const all: number[] = [];
  try {
    for (const size of sizes) {
      const some = slice(inputs, size);
      const feeds = (await prepared(trainer, some)).map(({ name, ...feed }) => ({
        tensor: taken[name],
        ...feed,
      }));
      const results = session.run(feeds, Object.values(outputs));
      for (const { shape } of results) expect(shape[0]).toBe(size);
      const found = Object.keys(outputs).map((name, i) => [name, results[i].values] as const);
      all.push(await away(Object.fromEntries(found), trainer, some));
    }
  } finally {
    session.close();
  }
  return Math.max(...all);
}

describe.each(Object.entries(architectures))("an exported %s", (_, architecture) => {
  it("is one graph with the signature that servers look for", async () => {
    await using trainer = await trained(architecture());
    const dir = fresh();
    const before = tf.memory().numTensors;
    expect(await exportSavedModel(trainer, dir)).toEqual(exportedAs);
    expect(tf.memory().numTensors).toBe(before);
    expect(await readdir(dir)).toEqual(["saved_model.pb"]);

    const { schemaVersion, tags, nodes, signatures } = await read(dir);
    expect([schemaVersion, tags]).toEqual([1, ["serve"]]);
    expect(signatures).toEqual({
      serving_default: {
        inputs: {
          age: { name: "inputs/age:0", dtype: 1, shape: [-1, 2] },
          income: { name: "inputs/income:0", dtype: 1, shape: [-1, 1] },
          city: { name: "inputs/city:0", dtype: 3, shape: [-1] },
          device: { name: "inputs/device:0", dtype: 3, shape: [-1] },
        },
        outputs: {
          click: { name: "outputs/click:0", dtype: 1, shape: [-1, 1] },
          price: { name: "outputs/price:0", dtype: 1, shape: [-1, 1] },
          kind: { name: "outputs/kind:0", dtype: 1, shape: [-1, 3] },
        },
        method: "tensorflow/serving/predict",
      },
    });

    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { inputs } of nodes) {
      for (const from of inputs) expect(names).toContain(from.split(":")[0]);
    }
    // Nothing that would have to be initialised or restored.
    expect(nodes.filter(({ op }) => /Var|Restore|Assign|Table/.test(op))).toEqual([]);
  });

  it.skipIf(!isThere)(
    "predicts in TensorFlow what the trainer predicts, for any number of examples",
    async () => {
      await using trainer = await trained(architecture());
      const dir = fresh();
      await exportSavedModel(trainer, dir);
      expect(await difference(dir, trainer, columns, [1, 3, 17])).toBeLessThan(1e-6);
    },
  );

  it.skipIf(tfjsNode === undefined)("is loaded by tfjs-node, where there is one", async () => {
    await using trainer = await trained(architecture());
    const dir = fresh();
    await exportSavedModel(trainer, dir);
    for (const size of [1, 3, 17]) {
      const some = slice(columns, size);
      const feeds = (await prepared(trainer, some)).map(({ name, values, shape }) => ({
        name,
        values: Array.from(values),
        shape,
        dtype: values instanceof Int32Array ? "int32" : "float32",
      }));
      const found = await inTfjsNode(tfjsNode ?? "", dir, feeds);
      expect(await away(found, trainer, some)).toBeLessThan(1e-6);
    }
  });
});

/** What tf.node.loadSavedModel makes of a folder. */
async function inTfjsNode(
  path: string,
  dir: string,
  feeds: readonly unknown[],
): Promise<Readonly<Record<string, readonly number[]>>> {
  const program = `
    const [path, dir, given] = process.argv.slice(1);
    const tf = require(path);
    const model = await tf.node.loadSavedModel(dir);
    const feeds = JSON.parse(given).map(({ name, values, shape, dtype }) => [
      name, tf.tensor(values, shape, dtype),
    ]);
    const results = model.predict(Object.fromEntries(feeds));
    console.log(JSON.stringify(Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, [...tensor.dataSync()]]),
    )));
  `;
  return (await inChild(program, path, dir, JSON.stringify(feeds))) as Record<string, number[]>;
}

describe("the batch's size in a forward pass", () => {
  const exported = async (
    score: Score,
    use: (trainer: Trainer<Two>, dir: string) => Promise<void>,
  ): Promise<void> => {
    await using trainer = await createTrainer(two, {
      encoder: input({ x: [2] }),
      architecture: scoring(score),
    });
    const dir = fresh();
    await exportSavedModel(trainer, dir, { inputs: slice(waves, 1) });
    await use(trainer, dir);
  };
  const more: readonly (readonly [string, Score])[] = [
    [
      "is walked through backwards",
      (x) => tf.sum(tf.mul(tf.reverse(x, 0), tf.reverse(x, 1)), 1, true),
    ],
    [
      "is walked through in steps",
      (x) =>
        tf.sum(
          tf.stridedSlice(tf.concat([x, tf.exp(x)], 0), [0, 0], [2 * x.shape[0], 2], [2, 1]),
          1,
          true,
        ),
    ],
  ];

  it.each([...lengths, ...more])("%s", async (_, score) => {
    await exported(score, async (trainer, dir) => {
      const { nodes } = await read(dir);
      expect(nodes.length).toBeGreaterThan(0);
      if (!isThere) return;
      expect(await difference(dir, trainer, waves, [1, 2, 5, 64])).toBeLessThan(1e-6);
    });
  });

  it.each(numbers)("is no number to compute with: %s", async (_, score, found) => {
    const failed = exported(score, () => Promise.resolve());
    await expect(failed).rejects.toMatchObject({
      code: "POLYTASK_TENSORFLOW_EXPORT",
      found: expect.stringMatching(found) as string,
    });
  });
});

describe("an export", () => {
  const bottom = () => sharedBottom<Two>({ hidden: [4] });
  const examples = [[1, 2, 3]];
  const simple = () => createTrainer(two, { encoder: input([3]), architecture: bottom() });

  it("holds the parameters under their names, and what the encoder has fitted", async () => {
    const encoder = await features({ numeric: ["income"], categorical: { city: {} } }).fit(columns);
    await using trainer = await createTrainer(two, { encoder, architecture: bottom() });
    const dir = fresh();
    await exportSavedModel(trainer, dir, { inputs: slice(columns, 1) });
    const { nodes, collections } = await read(dir);
    const constants = nodes.filter(({ op }) => op === "Const").map(({ name }) => name);
    for (const { info } of networkOf(trainer).parameters) {
      expect(constants).toContain(`variables/${info.name}`);
    }
    const [fitted] = collections["polytask.encoder"];
    expect(fitted).toContain(JSON.stringify(encoder.statistics));
  });

  it("is the same, byte by byte, of the same trainer", async () => {
    await using trainer = await simple();
    const files = await Promise.all(
      [fresh(), fresh()].map(async (dir) => {
        await exportSavedModel(trainer, dir, { inputs: examples });
        return await readFile(join(dir, "saved_model.pb"));
      }),
    );
    expect(files[0].equals(files[1])).toBe(true);
  });

  it("names columns and tasks as they are named, whatever TensorFlow calls its nodes", async () => {
    const sizes = { "größe in m": counted((i) => Math.sin(i)) };
    await using trainer = await createTrainer(
      { "clicks, all": two.b, "clicks; all": two.a },
      {
        encoder: await features({ numeric: ["größe in m"] }).fit(sizes),
        architecture: sharedBottom({ hidden: [4] }),
      },
    );
    const dir = fresh();
    await exportSavedModel(trainer, dir, { inputs: slice(sizes, 1) });
    const { inputs, outputs } = (await read(dir)).signatures["serving_default"];
    expect(inputs["größe in m"].name).toBe("inputs/gr__e_in_m:0");
    expect(Object.entries(outputs).map(([name, of]) => [name, of.name])).toEqual([
      ["clicks, all", "outputs/clicks__all:0"],
      ["clicks; all", "outputs/clicks__all_1:0"],
    ]);
    if (!isThere) return;
    expect(await difference(dir, trainer, sizes, [2])).toBeLessThan(1e-6);
  });

  it.skipIf(!isThere)("reads what a compiled engine has trained", async () => {
    await using trainer = await createTrainer(two, {
      encoder: input({ x: [2] }),
      architecture: scoring((x, weight) => tf.sum(tf.matMul(x, weight), 1, true)),
      engine: tensorflow({ threads: 1 }),
    });
    const labels = { a: counted((i) => Math.sin(2 * i)), b: counted((i) => i % 2) };
    await trainer.fit({ inputs: waves, labels }, { steps: 3 });
    const dir = fresh();
    await exportSavedModel(trainer, dir);
    expect(await difference(dir, trainer, waves, [1, 17])).toBeLessThan(1e-6);
  });

  it("replaces an earlier one, and leaves what a user has added", async () => {
    await using trainer = await simple();
    const dir = fresh();
    await mkdir(join(dir, "assets.extra"), { recursive: true });
    await writeFile(join(dir, "saved_model.pb"), "an earlier one");
    await exportSavedModel(trainer, pathToFileURL(dir), { inputs: examples });
    expect((await read(dir)).tags).toEqual(["serve"]);
    expect((await readdir(dir)).sort()).toEqual(["assets.extra", "saved_model.pb"]);
  });

  it("refuses a folder with anything else, and writes nothing", async () => {
    await using trainer = await simple();
    const dir = fresh();
    await mkdir(join(dir, "variables"), { recursive: true });
    await writeFile(join(dir, "saved_model.pb"), "another's");
    const code = "POLYTASK_TENSORFLOW_EXPORT";
    const refused = exportSavedModel(trainer, dir, { inputs: examples });
    await expect(refused).rejects.toMatchObject({ code, found: `${dir} holds variables` });
    expect(await readFile(join(dir, "saved_model.pb"), "utf8")).toBe("another's");

    const file = join(dir, "saved_model.pb");
    const onFile = exportSavedModel(trainer, file, { inputs: examples });
    await expect(onFile).rejects.toMatchObject({ code, found: `${file} is a file` });
  });

  it("leaves nothing behind where it fails", async () => {
    await using trainer = await simple();
    const dir = fresh();
    await expect(exportSavedModel(trainer, dir)).rejects.toMatchObject({
      code: "POLYTASK_TENSORFLOW_EXPORT",
      found: "this trainer has not seen any data",
    });
    await expect(stat(dir)).rejects.toMatchObject({ code: "ENOENT" });

    // A folder in the file's place cannot be replaced.
    await mkdir(join(dir, "saved_model.pb", "inside"), { recursive: true });
    await expect(exportSavedModel(trainer, dir, { inputs: examples })).rejects.toThrow();
    expect(await readdir(dir)).toEqual(["saved_model.pb"]);
  });
});

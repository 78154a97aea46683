/** The engine on TensorFlow, through the addon of tfjs-node: the same functions, called another way. */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { binary, createTrainer, input } from "@polytask/core";
import { tensorflow } from "@polytask/engine-tensorflow";
import { describe, expect, it } from "vitest";
import { isThere } from "./saved-model-session.ts";
import { inChild, tfjsNode } from "./tfjs-node.ts";

/** Fifty steps of tasks that conflict: losses, and what the addon and the disk hold meanwhile and afterwards. */
const program = `
  const [way, path, tables] = process.argv.slice(1);
  const { readdirSync } = require("node:fs");
  const { tmpdir } = require("node:os");
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("polytask-function-")).length;
  const before = folders();
  if (way === "tfjs-node") require(path);
  const tf = await import("@tensorflow/tfjs");
  if (way === "tfjs-node") await tf.setBackend("cpu");
  const backend = tf.findBackend("tensorflow");
  const binding = backend?.binding;
  /** Runs of graphs, and numbers that were handed to the addon. */
  let runs = 0;
  let given = 0;
  if (backend) backend.binding = Object.fromEntries(
    Object.getOwnPropertyNames(binding).map((name) => [name, (...args) => {
      if (name === "runSavedModel") runs++;
      if (name === "createTensor") given += args[2].length;
      return binding[name](...args);
    }]),
  );
  const { binary, createTrainer, input, regression, CONTRACT } = await import("@polytask/core");
  const { mmoe } = await import("@polytask/arch-mmoe");
  const { adam } = await import("@polytask/optimizers");
  const { pcgrad } = await import("@polytask/surgery-pcgrad");
  const { features } = await import("@polytask/features");
  const { tensorflow } = await import("@polytask/engine-tensorflow");

  const column = (of) => Array.from({ length: 96 }, (_, i) => of(i));
  const inputs = tables
    ? { x: column((i) => Math.sin(i)), city: column((i) => ["Oslo", "Rome", "Lima"][i % 3]) }
    : column((i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]);
  const encoder = tables
    ? await features({ numeric: ["x"], categorical: { city: {} } }).fit(inputs)
    : input([3]);
  const losses = [];
  const trainer = await createTrainer(
    { click: binary(), price: regression() },
    {
      encoder,
      architecture: mmoe({ experts: 3, hidden: [16, 8], towers: [4] }),
      surgery: pcgrad(),
      optimizer: adam({ learningRate: 0.01 }),
      observers: [{
        kind: "observer", name: "observer-losses", contract: CONTRACT,
        create: () => ({ step: ({ losses: found }) => { losses.push({ ...found }); } }),
      }],
      engine: tensorflow(way === "tfjs-node" ? { through: "tfjs-node" } : {}),
    },
    { seed: 3 },
  );
  const labels = { click: column((i) => i % 2), price: column((i) => Math.cos(i) - (i % 2)) };
  const held = [];
  for (const steps of [20, 50]) {
    [runs, given] = [0, 0];
    await trainer.fit({ inputs, labels }, { steps, batchSize: 32 });
    held.push(binding?.getNumOfTensors());
  }
  const later = { runs, given };
  const { variables } = await trainer.state();
  const parameters = Object.values(variables).reduce((sum, { values }) => sum + values.length, 0);
  await trainer.dispose();
  await new Promise((done) => setTimeout(done, 50));
  console.log(JSON.stringify({
    losses,
    held,
    later,
    parameters,
    left: {
      tensors: binding?.getNumOfTensors(),
      models: binding?.getNumOfSavedModels(),
      folders: folders() - before,
    },
  }));
`;

interface Run {
  readonly losses: readonly Readonly<Record<string, number>>[];
  readonly held: readonly number[];
  /** Of the last thirty steps. */
  readonly later: { readonly runs: number; readonly given: number };
  readonly parameters: number;
  readonly left: { readonly tensors: number; readonly models: number; readonly folders: number };
}

describe.skipIf(tfjsNode === undefined || !isThere)("training through tfjs-node", () => {
  it.each([
    ["columns", ""],
    ["tables", "tables"],
  ])("is training through the library, for fifty steps: %s", async (_, tables) => {
    const run = async (way: string): Promise<Run> =>
      (await inChild(program, way, tfjsNode ?? "", tables)) as Run;
    const library = await run("library");
    const addon = await run("tfjs-node");
    expect(library.losses).toHaveLength(50);
    expect(addon.losses).toEqual(library.losses);
    // Two runs in a step with surgery, and one that reads the parameters back in the end.
    expect(addon.later.runs).toBe(30 * 2 + 1);
    // A batch and the host's numbers; parameters and slots stay where they are.
    expect(addon.later.given / 30).toBeLessThan(addon.parameters);
    // As many tensors after 50 steps as after 20, and nothing in the end.
    expect(addon.held[1]).toBe(addon.held[0]);
    expect(addon.left).toEqual({ tensors: 0, models: 0, folders: 0 });
  });
});

describe("without tfjs-node", () => {
  it("says how to get it", async () => {
    const made = createTrainer(
      { click: binary() },
      {
        encoder: input([2]),
        architecture: sharedBottom({ hidden: [4] }),
        engine: tensorflow({ through: "tfjs-node" }),
      },
    );
    await expect(made).rejects.toMatchObject({
      code: "POLYTASK_TENSORFLOW_LIBRARY",
      found: 'tfjs has no backend "tensorflow"',
    });
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { useBackend } from "@polytask/backend";
import {
  binary,
  createTrainer,
  equal,
  identity,
  input,
  type Parts,
  regression,
  sgd,
  token,
  type Trainer,
} from "@polytask/core";
import { onTape, gradientsOf } from "@polytask/core/engine";
import { exportOnnx, onnx } from "@polytask/engine-onnx";
import { exportSavedModel } from "@polytask/engine-tensorflow";
import { features } from "@polytask/features";
import { compareRecordings, trace } from "@polytask/graph";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { changesAfterFirstStep, weightingSubject } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/errors.md"), "utf8");

const sources = readdirSync(join(root, "packages")).flatMap((name) => {
  const folder = join(root, "packages", name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
});

/** Variables of the environment that sources read. */
const variables = ["POLYTASK_TENSORFLOW"];
const distinct = (found: Iterable<RegExpMatchArray>): string[] =>
  [...new Set(Array.from(found, ([, code]) => code))]
    .filter((code) => !variables.includes(code))
    .sort();

/** Codes as values, which is what errors carry; not the beginning of some. */
const thrown = distinct(
  sources.flatMap((text) => [...text.matchAll(/["'`](POLYTASK_[A-Z_]*[A-Z])\b/g)]),
);
/** Codes as words: docstrings too. */
const written = distinct(
  sources.flatMap((text) => [...text.matchAll(/\b(POLYTASK_[A-Z_]*[A-Z])\b/g)]),
);
/** Name, text and example of every section that is about a code. */
const sections = new Map(
  [...page.matchAll(/^### (POLYTASK_[A-Z_]+)\n([^#]*)/gm)].map(([, code, text]) => [code, text]),
);

type Names = "click" | "price";
const tasks = { click: binary(), price: regression() };
const encoder = input<Names>([2]);
const parts: Parts<Names> = { encoder, architecture: sharedBottom({ hidden: [4] }) };
const inputs = [
  [1, 2],
  [3, 4],
];
const labels = { click: [0, 1], price: [1.5, 2] };

const using = async <Result>(
  body: (trainer: Trainer<Names>) => Promise<Result>,
  chosen = parts,
): Promise<Result> => {
  await using trainer = await createTrainer(tasks, chosen);
  return await body(trainer);
};
const training = (data: unknown, chosen = parts) =>
  using((trainer) => trainer.fit(data as Parameters<typeof trainer.fit>[0], { epochs: 1 }), chosen);
/** Compiles the forward pass of an architecture that does this with its input. */
const compiling = (forward: (x: tf.Tensor2D) => unknown): unknown =>
  trace((tracer) => {
    const x = tracer.tensor(tracer.graph.view("x", 0, [2, 3])) as tf.Tensor2D;
    const running = { part: "arch-mine", slot: "architecture", doing: "forward" };
    tracer.within(running, () => forward(x));
    return tracer.recording;
  });
const wiring = (change: unknown) => createTrainer(tasks, Object.assign({ ...parts }, change));

/** One way to meet each error, but for those of a broken installation. */
const provoked: Readonly<Record<string, () => unknown>> = {
  POLYTASK_OPTION: () => sgd({ learningRate: -1 }),
  POLYTASK_UNKNOWN_TASK: () => training({ inputs, labels: { click: [0, 1], prise: [1, 2] } }),
  POLYTASK_TOO_FEW_TASKS: () =>
    createTrainer(
      { click: binary() },
      { encoder: input([2]), architecture: sharedBottom({ hidden: [4] }), surgery: pcgrad() },
    ),
  POLYTASK_TASKS: () =>
    createTrainer({ click: binary, price: regression() } as unknown as typeof tasks, parts),
  POLYTASK_PART: () => wiring({ architecture: pcgrad() }),
  POLYTASK_CONTRACT: () => wiring({ surgery: { ...pcgrad(), contract: 2 } }),
  POLYTASK_BROKEN_PART: () =>
    training(
      { inputs, labels },
      {
        ...parts,
        surgery: {
          ...identity<Names>(),
          name: "surgery-mine",
          create: () => ({ mix: () => [[1]] }),
        },
      },
    ),
  POLYTASK_NEED: () => createTrainer(tasks, { architecture: sharedBottom({ hidden: [4] }) }),
  POLYTASK_UNFITTED: () => wiring({ encoder: features({ numeric: ["age"] }) }),
  POLYTASK_DATA: () => training({ inputs, labels: { ...labels, click: [0, 2] } }),
  POLYTASK_NON_FINITE: () => training({ inputs, labels: { ...labels, price: [1e30, 0] } }),
  POLYTASK_NOT_AVAILABLE: async () => {
    const trainer = await createTrainer(tasks, parts);
    await trainer.dispose();
    await trainer.predict(inputs);
  },
  POLYTASK_STATE: async () => {
    const state = await using((trainer) => trainer.state());
    await using((trainer) => trainer.restore(state), {
      encoder,
      architecture: sharedBottom({ hidden: [8] }),
    });
  },
  POLYTASK_UNBOUND: () =>
    wiring({
      weighting: {
        ...equal<Names>(),
        create: (scope: { readonly resolve: (key: symbol) => unknown }) =>
          scope.resolve(token("prices")),
      },
    }),
  POLYTASK_TRACE_KERNEL: () => compiling((x) => tf.engine().runKernel("AcmeSort", { x })),
  POLYTASK_TRACE_GRADIENT: () =>
    compiling((x) =>
      onTape(() => {
        const filled = tf.sparseToDense(tf.range(0, 3, 1, "int32"), tf.sum(x, 0), [9]);
        return gradientsOf(tf.sum(filled), [x]);
      }),
    ),
  // eslint-disable-next-line no-restricted-syntax -- the mistake itself
  POLYTASK_TRACE_READ: () => compiling((x) => tf.mul(x, tf.max(x).dataSync()[0])),
  POLYTASK_TRACE_RANDOM: () => compiling((x) => tf.add(x, tf.randomNormal([2, 3]))),
  POLYTASK_TRACE_CONSTANT: () => compiling((x) => tf.mul(x, tf.tensor1d([1, 2, 4]))),
  POLYTASK_TRACE_FOREIGN: () => {
    const outside = tf.tensor1d([1, 2, 4]);
    try {
      compiling((x) => tf.mul(x, outside));
    } finally {
      outside.dispose();
    }
  },
  POLYTASK_TRACE_FROZEN: () => {
    const [warm, cold] = [2, 1].map((by) => compiling((x) => tf.mul(x, by)) as readonly never[]);
    compareRecordings(warm, cold);
  },
  POLYTASK_TRACE_ASSIGN: () => {
    const variable = tf.tidy(() => tf.variable(tf.zeros([3]), false, "running-mean"));
    try {
      compiling((x) => {
        variable.assign(tf.mean(x, 0));
      });
    } finally {
      variable.dispose();
    }
  },
  POLYTASK_LEAN: () =>
    createTrainer(tasks, {
      ...parts,
      surgery: {
        ...identity<Names>(),
        name: "surgery-mine",
        create: () => ({ edit: (jacobian) => jacobian }),
      },
      engine: onnx({ memory: "lean" }),
    }),
  POLYTASK_ONNX_WORKER: () => {
    process.once("worker", (worker) => void worker.terminate());
    return training({ inputs, labels }, { ...parts, engine: onnx({ worker: true }) });
  },
  POLYTASK_ONNX_EXPORT: () => using((trainer) => exportOnnx(trainer, "unwritten.onnx")),
  POLYTASK_TENSORFLOW_EXPORT: () => using((trainer) => exportSavedModel(trainer, "unwritten")),
  POLYTASK_BACKEND_UNKNOWN: () => useBackend("webgl" as "wasm"),
  POLYTASK_LAW: () => changesAfterFirstStep(weightingSubject(() => equal())),
};
/** A fault of the engine's own, which no call of an exported function brings about. */
const ofTheEngineItself = ["POLYTASK_KERNEL"];

const needsBrokenInstallation = [
  "POLYTASK_BACKEND_DEVICE",
  "POLYTASK_BACKEND_FAILED",
  "POLYTASK_BACKEND_MISSING",
  "POLYTASK_ONNX_PROVIDER",
  "POLYTASK_ONNX_RUNTIME",
  "POLYTASK_TENSORFLOW_DEVICE",
  "POLYTASK_TENSORFLOW_LIBRARY",
  "POLYTASK_TENSORFLOW_REFUSED",
];

describe("docs/errors.md", () => {
  it("has a section for every code that is thrown, and for no other", () => {
    expect(thrown.length).toBeGreaterThan(10);
    expect([...sections.keys()].sort()).toEqual(thrown);
  });

  it("is all that docstrings speak of", () => {
    expect(written.filter((code) => !thrown.includes(code))).toEqual([]);
  });

  it.each([...sections])("says of %s when it comes, what to do, and how it reads", (code, text) => {
    expect(text).toMatch(/\*When:\* \S/);
    expect(text).toMatch(/\*What to do:\* \S/);
    expect(text).toMatch(new RegExp(`\`\`\`text\\n[^\\n]+\\(${code}\\)\\n\`\`\``));
  });

  it("has its example of every error provoked here", () => {
    const all = [...Object.keys(provoked), ...needsBrokenInstallation, ...ofTheEngineItself].sort();
    expect(all).toEqual(thrown);
  });

  it.each(Object.entries(provoked))("quotes %s as it is thrown", async (code, provoke) => {
    await tf.ready();
    const before = tf.memory().numTensors;
    const error = await Promise.resolve()
      .then(provoke)
      .then(
        () => undefined,
        (reason: unknown) => reason as Error & { readonly code: string },
      );
    expect(error?.code).toBe(code);
    expect(sections.get(code)).toContain(`\n${error?.message ?? "no error"}\n`);
    expect(tf.memory().numTensors).toBe(before);
  });
});

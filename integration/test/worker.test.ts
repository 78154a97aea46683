/** The compiled engine with its graphs in a thread of their own, held against the same graphs in this one. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  createTrainer,
  type ElementwiseOptimizer,
  input,
  type OptimizerPlugin,
  type Parts,
} from "@polytask/core";
import { type CompileReport, onnx, type OnnxOptions } from "@polytask/engine-onnx";
import { adam } from "@polytask/optimizers";
import { l1 } from "@polytask/regularizer-norms";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BATCH, combinations, data, type Names, tasks } from "./compositions.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const MIB = 2 ** 20;

/** Runs a program in a process of its own; what it prints. */
const node = async (program: string, flags: readonly string[] = [], options = "") => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, "--input-type=module", "-e", program],
    { cwd: folder, env: { ...process.env, NODE_OPTIONS: options }, timeout: 250_000 },
  );
  return stdout.trim();
};

/** Workers started since the test began, and how many of them live. */
let workers: Worker[];
let alive: number;
const note = (worker: Worker): void => {
  workers.push(worker);
  alive++;
  worker.once("exit", () => alive--);
};
beforeEach(() => {
  workers = [];
  alive = 0;
  process.on("worker", note);
});
afterEach(() => {
  process.off("worker", note);
  vi.restoreAllMocks();
});

const small: Parts<Names> = {
  encoder: input([5]),
  architecture: sharedBottom({ hidden: [6] }),
  surgery: pcgrad(),
  optimizer: adam({ learningRate: 1e-2 }),
};
const using = (options: OnnxOptions, parts = small) =>
  createTrainer(tasks, { ...parts, engine: onnx({ threads: 1, ...options }) });

describe("the same bits as in the trainer's thread", () => {
  // Every architecture, weighting and surgery occurs; labels are missing.
  it.each(combinations.filter((_, i) => i % 5 === 0))("$title", async ({ parts }) => {
    const train = async (worker: boolean) => {
      await using trainer = await using({ worker }, parts());
      await trainer.fit(data, { epochs: 2, batchSize: BATCH });
      return { state: await trainer.state(), scores: await trainer.predict(data.inputs) };
    };
    expect(await train(true)).toEqual(await train(false));
    expect(workers).toHaveLength(1);
  });

  it("in lean memory", async () => {
    const train = async (worker: boolean) => {
      await using trainer = await using({ worker, memory: "lean" });
      await trainer.fit(data, { epochs: 2, batchSize: BATCH });
      return await trainer.state();
    };
    expect(await train(true)).toEqual(await train(false));
  });

  it("whatever lies outside of the trainer's one memory", async () => {
    // Groups of a step go through a second memory; a rule without a kernel and a proximal step write to their own.
    const click = { inputs: data.inputs, labels: { click: data.labels.click } };
    const price = { inputs: data.inputs, labels: { price: data.labels.price } };
    const parts = {
      ...small,
      regularizers: [l1<Names>({ strength: 1e-3, prox: true })],
      optimizer: plainAdam,
    };
    const compiled = new Set<string>();
    const train = async (worker: boolean) => {
      const onCompile = ({ what }: CompileReport) => void compiled.add(what);
      await using trainer = await using({ worker, onCompile }, parts);
      await trainer.fit([click, price], { epochs: 2, batchSize: BATCH });
      return await trainer.state();
    };
    expect(await train(true)).toEqual(await train(false));
    expect([...compiled].sort()).toEqual(["proximal step", "step of 8", "update", "weights"]);
  });
});

/** Adam as a graph. */
const plainAdam: OptimizerPlugin = {
  ...adam(),
  create: (scope) => {
    const { kernel, ...rule } = adam({ learningRate: 1e-2 }).create(scope) as ElementwiseOptimizer;
    expect(kernel?.name).toBe("adam");
    return rule;
  },
};

describe("the event loop", () => {
  it("turns while a step is computed", async () => {
    const rows = 4096;
    const inputs = new Float32Array(rows * 5).map((_, i) => Math.sin(i));
    const labels = { click: inputs.subarray(0, rows).map(Number), price: inputs.subarray(0, rows) };
    const clicks = Array.from(labels.click, (value) => Number(value > 0));
    const parts = { ...small, architecture: sharedBottom<Names>({ hidden: [256, 256] }) };
    const turnsOf = async (worker: boolean): Promise<number> => {
      await using trainer = await using({ worker }, parts);
      const fit = (steps: number) =>
        trainer.fit({ inputs, labels: { ...labels, click: clicks } }, { steps, batchSize: rows });
      await fit(2);
      let turns = 0;
      let done = false;
      const turn = (): void => {
        turns++;
        if (!done) setImmediate(turn);
      };
      setImmediate(turn);
      await fit(6);
      done = true;
      return turns;
    };
    const blocked = await turnsOf(false);
    // Steps of tens of milliseconds, turns of microseconds.
    expect(await turnsOf(true)).toBeGreaterThan(10 * blocked);
  });
});

describe("the thread", () => {
  it("ends with its trainer", async () => {
    for (let i = 0; i < 10; i++) {
      await using trainer = await using({ worker: true });
      await trainer.fit(data, { epochs: 1, batchSize: BATCH });
    }
    expect(workers).toHaveLength(10);
    await vi.waitFor(() => expect(alive).toBe(0), 10_000);
  });

  it("lets an abort come between two steps", async () => {
    await using trainer = await using({ worker: true });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const { stopped } = await trainer.fit(data, {
      epochs: 1e6,
      batchSize: BATCH,
      signal: stop.signal,
    });
    expect(stopped).toBe("abort");
    expect(await trainer.predict(data.inputs)).toHaveProperty("click");
  });
});

describe("a thread that dies", () => {
  /**
   * Ends the worker in place of its question number `count` from now: it waits for one then. In the middle of one it would
   * take the process with it, which ONNX Runtime does to every thread that is ended inside of it.
   */
  const dieAt = (count: number): void => {
    let asked = 0;
    const post = workers[0].postMessage.bind(workers[0]);
    vi.spyOn(workers[0], "postMessage").mockImplementation((message) => {
      if (++asked === count) void workers[0].terminate();
      else post(message);
    });
  };

  it("fails the step, and what was learnt can be taken on", async () => {
    await using trainer = await using({ worker: true });
    await trainer.fit(data, { steps: 1, batchSize: BATCH });
    dieAt(20);
    await expect(trainer.fit(data, { steps: 1e6, batchSize: BATCH })).rejects.toMatchObject({
      code: "POLYTASK_ONNX_WORKER",
      found: "it was ended from outside",
    });
    await expect(trainer.predict(data.inputs)).rejects.toMatchObject({
      code: "POLYTASK_ONNX_WORKER",
    });
    const state = await trainer.state();
    await using reference = await using({});
    await reference.fit(data, { steps: state.step, batchSize: BATCH });
    expect((await reference.state()).variables).toEqual(state.variables);
    await using next = await using({ worker: true });
    await next.restore(state);
    await next.fit(data, { steps: state.step + 1, batchSize: BATCH });
  });

  it('is one warning with fallback: "eager"', async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await using trainer = await using({ worker: true, fallback: "eager" });
    await trainer.fit(data, { steps: 5, batchSize: BATCH });
    dieAt(1);
    await trainer.fit(data, { steps: 8, batchSize: BATCH });
    expect(warn).toHaveBeenCalledOnce();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("POLYTASK_ONNX_WORKER"));
  });
});

// Suites beside this one share its process, and what that holds is theirs, too: memory is measured in one of its own.
describe("memory", () => {
  /** A mebibyte of parameters: a trainer that is kept holds some 6 MiB, a thread more than 4. */
  const program = (measure: string): string => `
    import { createTrainer, binary, regression, input } from "@polytask/core";
    import { sharedBottom } from "@polytask/arch-shared-bottom";
    import { onnx } from "@polytask/engine-onnx";
    import { adam } from "@polytask/optimizers";
    import { pcgrad } from "@polytask/surgery-pcgrad";
    const start = (units) => createTrainer(
      { click: binary(), price: regression() },
      {
        encoder: input([2]),
        architecture: sharedBottom({ hidden: [units, units] }),
        surgery: pcgrad(),
        optimizer: adam(),
        engine: onnx({ worker: true, threads: 1 }),
      },
    );
    const data = { inputs: [[0, 1], [1, 0]], labels: { click: [0, 1], price: [1, 2] } };
    const fitTo = (trainer, steps) => trainer.fit(data, { steps, batchSize: 2 });
    /** The least of five looks, each after what is dead has gone. */
    const held = async () => {
      const looks = [];
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        gc();
        looks.push(process.memoryUsage());
      }
      const least = (of) => Math.min(...looks.map((look) => look[of])) / ${String(MIB)};
      return { rss: least("rss"), heapUsed: least("heapUsed") };
    };
    const grown = async (first, later) => {
      await first();
      const before = await held();
      await later();
      const after = await held();
      const of = (name) => after[name] - before[name];
      console.log(JSON.stringify({ rss: of("rss"), heapUsed: of("heapUsed") }));
    };
    ${measure}`;
  const grown = async (measure: string): Promise<Record<"rss" | "heapUsed", number>> =>
    JSON.parse((await node(program(measure), ["--expose-gc"])).split("\n").at(-1) ?? "") as never;

  it("is flat over 40 trainers", { timeout: 300_000 }, async () => {
    const { rss } = await grown(`
      const live = async (count) => {
        for (let i = 0; i < count; i++) {
          const trainer = await start(512);
          await fitTo(trainer, 2);
          await trainer.dispose();
        }
      };
      await grown(() => live(15), () => live(40));`);
    // Threads that stay would be 160 MiB, memories 240.
    expect(rss).toBeLessThan(80);
  });

  it("is flat over 8,000 steps", { timeout: 300_000 }, async () => {
    const { rss, heapUsed } = await grown(`
      const trainer = await start(6);
      await grown(() => fitTo(trainer, 2_000), () => fitTo(trainer, 10_000));
      await trainer.dispose();`);
    // The worker's heap, which is not swept for the measure, breathes; 8 KiB a step would be 64 MiB.
    expect(rss).toBeLessThan(40);
    // 256 bytes a step: an answer that is waited for after it has come.
    expect(heapUsed).toBeLessThan(2);
  });
});

describe("in a process of its own", () => {
  const program = (end: string, options: OnnxOptions): string => `
    import { createTrainer, binary, regression, input } from "@polytask/core";
    import { sharedBottom } from "@polytask/arch-shared-bottom";
    import { onnx } from "@polytask/engine-onnx";
    console.warn = console.log;
    try {
      const trainer = await createTrainer(
        { click: binary(), price: regression() },
        {
          encoder: input([2]),
          architecture: sharedBottom({ hidden: [4] }),
          engine: onnx(${JSON.stringify(options)}),
        },
      );
      const inputs = [[0, 1], [1, 0]];
      await trainer.fit({ inputs, labels: { click: [0, 1], price: [1, 2] } }, { epochs: 2 });
      ${end}
      console.log("the end");
    } catch (error) {
      console.log(error.message);
    }`;
  it.each(["await trainer.dispose();", ""])("lets it end by itself (%s)", async (end) => {
    expect(await node(program(end, { worker: true }))).toMatch(/the end$/);
  });

  // Such steps are inside of ONNX Runtime nearly always; without the guard the process ends with an abort.
  it("lets it exit in the middle of a step", async () => {
    const long = `
      const rows = 4096;
      const many = new Float32Array(rows).map((_, i) => Math.sin(i));
      const wide = await createTrainer(
        { price: regression() },
        {
          encoder: input([1]),
          architecture: sharedBottom({ hidden: [512, 512] }),
          engine: onnx({ worker: true, threads: 1 }),
        },
      );
      const data = { inputs: many, labels: { price: many } };
      await wide.fit(data, { steps: 2, batchSize: rows });
      setTimeout(() => process.exit(0), 200);
      await wide.fit(data, { steps: 1e6, batchSize: rows });`;
    expect(await node(program(long, { worker: true }))).not.toContain("the end");
  });

  describe.each([false, true])("without ONNX Runtime (worker: %s)", (worker) => {
    const hide = `export const resolve = (name, context, next) => {
      if (name === "onnxruntime-node") throw new Error("Cannot find package 'onnxruntime-node'");
      return next(name, context);
    };`;
    const url = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
    const setup = `import { register } from "node:module"; register(${JSON.stringify(url(hide))});`;
    const run = (options: OnnxOptions): Promise<string> =>
      node(program("", { worker, ...options }), [], `--import=${url(setup)}`);
    const line =
      "it is not installed. ONNXRUNTIME_NODE_INSTALL=skip npm i onnxruntime-node (POLYTASK_ONNX_RUNTIME)";

    it("it tells what it misses", async () => {
      expect(await run({})).toContain(line);
    });

    it('it warns once and trains with fallback: "eager"', async () => {
      const said = (await run({ fallback: "eager" })).split("\n");
      expect(said.filter((text) => text.includes(line))).toHaveLength(1);
      expect(said.at(-1)).toBe("the end");
    });
  });
});

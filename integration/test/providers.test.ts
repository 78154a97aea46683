/** Providers that this machine has no device for, from the trainer's side. */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { createTrainer, input } from "@polytask/core";
import { onnx, type OnnxOptions } from "@polytask/engine-onnx";
import { afterEach, describe, expect, it, vi } from "vitest";
import { data, type Names, tasks } from "./compositions.ts";
import { describeOnDevice } from "./on-device.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const start = (options: OnnxOptions) =>
  createTrainer(tasks, {
    encoder: input<Names>([5]),
    architecture: sharedBottom({ hidden: [4] }),
    engine: onnx({ threads: 1, ...options }),
  });

const providers = ["webgpu", "cuda"] as const;
const found = await Promise.allSettled(providers.map((provider) => start({ provider })));
for (const one of found) if (one.status === "fulfilled") await one.value.dispose();
const absent = providers.filter((_, i) => found[i].status === "rejected");
const present = providers.filter((_, i) => found[i].status === "fulfilled");

describe.each(absent)("%s without its device", (provider) => {
  it.each([false, true])("is an error when the trainer is made (worker: %s)", async (worker) => {
    await expect(start({ provider, worker })).rejects.toMatchObject({
      code: "POLYTASK_ONNX_PROVIDER",
      message: expect.stringContaining(`engine-onnx, provider "${provider}": `) as string,
      remedy: expect.stringMatching(/or choose cpu\.$/) as string,
    });
  });

  it.each([false, true])("is one warning with a fallback (worker: %s)", async (worker) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await using trainer = await start({ provider, worker, fallback: "eager" });
    const { stopped } = await trainer.fit(data, { steps: 6, batchSize: 8 });
    expect([stopped, trainer.step]).toEqual(["steps", 6]);
    expect(warn.mock.calls).toEqual([[expect.stringContaining("POLYTASK_ONNX_PROVIDER")]]);
  });
});

describe.each(present)("%s", (provider) => {
  it.each([false, true])("trains as the CPU does (worker: %s)", async (worker) => {
    const train = async (options: OnnxOptions): Promise<number[]> => {
      await using trainer = await start(options);
      await trainer.fit(data, { steps: 3, batchSize: 8 });
      return Array.from((await trainer.predict(data.inputs)).price);
    };
    const expected = await train({});
    (await train({ provider, worker })).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 4);
    });
  });
});

// In this file, since two threads of a process cannot use webgpu at once.
// Without an adapter these are skipped, and counted so.
describe.skipIf(!present.includes("webgpu"))("with an adapter", () => {
  describeOnDevice("webgpu");
});

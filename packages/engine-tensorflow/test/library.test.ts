/** Libraries that are missing, wrong or damaged are told apart before anything is loaded. */
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary, createTrainer, input } from "@polytask/core";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { tensorflow } from "@polytask/engine-tensorflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { elf } from "../../backend/test/elf-writer.ts";

const CC = "libtensorflow_cc.so.2";
const FRAMEWORK = "libtensorflow_framework.so.2";
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "polytask-libraries-"));
  await writeFile(join(folder, FRAMEWORK), elf({ soname: FRAMEWORK, defines: ["TF_NewStatus"] }));
  await writeFile(join(folder, CC), elf({ soname: CC, defines: ["TF_Version"] }));
});
afterEach(() => rm(folder, { recursive: true }));

const start = (fallback: "eager" | "none" = "none") =>
  createTrainer(
    { click: binary() },
    {
      encoder: input([2]),
      architecture: sharedBottom({ hidden: [2] }),
      engine: tensorflow({ library: folder, fallback }),
    },
  );

const faults: Readonly<Record<string, readonly [make: () => Promise<void>, says: RegExp]>> = {
  "is not there": [() => rm(join(folder, CC)), /has no libtensorflow_cc\.so\.2/],
  "is cut off": [() => truncate(join(folder, CC), 300), /library-cut/],
  "is empty": [() => truncate(join(folder, FRAMEWORK), 0), /library-empty/],
  "is a web page": [
    () => writeFile(join(folder, CC), "<!DOCTYPE html><title>Not found</title>"),
    /library-web-page/,
  ],
  "is another library by this name": [
    () => writeFile(join(folder, CC), elf({ soname: "libother.so.1", defines: ["TF_Version"] })),
    /library-misnamed/,
  ],
  "is for another processor": [
    () => writeFile(join(folder, CC), elf({ soname: CC, machine: 243 })),
    /library-architecture/,
  ],
  "lacks functions": [async () => {}, /function-missing: .*TF_GetCode/],
};

describe.skipIf(process.platform !== "linux")("a TensorFlow whose library", () => {
  it.each(Object.entries(faults))("%s is refused", async (_, [make, says]) => {
    await make();
    await expect(start()).rejects.toMatchObject({
      code: "POLYTASK_TENSORFLOW_LIBRARY",
      found: expect.stringMatching(says) as string,
    });
  });

  it("is damaged leaves the eager engine, where that is asked for", async () => {
    await truncate(join(folder, CC), 300);
    await using trainer = await start("eager");
    await trainer.fit({ inputs: [[1, 2]], labels: { click: [1] } }, { steps: 2, batchSize: 1 });
    expect(trainer.step).toBe(2);
  });
});

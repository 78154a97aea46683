import * as tf from "@tensorflow/tfjs";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Report } from "../src/doctor/doctor.ts";
import { whyNoGpu } from "../src/doctor/gpu.ts";
import { judge } from "../src/doctor/judge.ts";
import { measure } from "../src/doctor/measure.ts";
import { runChild } from "../src/doctor/run-child.ts";
import { fakeTensorFlow } from "./fake-tensorflow.ts";
import { makeProject, type Project } from "./project.ts";

describe("measure", () => {
  const { numTensors } = tf.memory();
  afterEach(() => expect(tf.memory().numTensors).toBe(numTensors));

  it("finds nothing wrong with a backend that is right", async () => {
    await tf.setBackend("cpu");
    const { gflops, ...rest } = await measure(tf);
    expect(gflops).toBeGreaterThan(0);
    expect(rest).toEqual({});
  });

  it("notices a wrong product, and a wrong gradient", async () => {
    const doubled: typeof tf.matMul = (...args) => tf.tidy(() => tf.mul(tf.matMul(...args), 2));
    expect((await measure({ ...tf, matMul: doubled })).wrong).toMatch(/^a product that must be 1/);
    const square: typeof tf.square = (x) => tf.mul(x, 2);
    expect((await measure({ ...tf, square })).wrong).toBe(
      "a gradient that must be [10, 20, 24, 43] is [0, 5, 0, 5]",
    );
  });
});

describe("the end of a process", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "polytask-doctor-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    [
      "killed",
      "process.kill(process.pid, 'SIGBUS'); setTimeout(() => {}, 1e5);",
      /SIGBUS while loading/,
    ],
    ["killed", "process.abort();", /SIGABRT while loading/],
    [
      "function-missing-at-call",
      "console.error('node: symbol lookup error: /a.node: undefined symbol: TF_X'); process.exit(127);",
      /calls TF_X, which no library has/,
    ],
    ["ended", "console.error('oh'); process.exit(3);", /code 3 while loading; it said last:\noh/],
    ["ended", "", /code 0 while loading/],
    ["ended", "console.log('{}'); process.exitCode = 1;", /code 1 while loading/],
    ["no-answer", "setTimeout(() => {}, 1e5);", /no answer while loading/],
    ["not-started", `console.log('{"error":"no","cause":"why"}');`, /^no\nwhy$/],
    ["wrong-results", `console.log('{"device":"d","gflops":1,"wrong":"w"}');`, /^w$/],
  ])("%s: %s", async (code, source, found) => {
    const program = join(folder, "program.mjs");
    await writeFile(program, `console.log('{"stage":"loading"}'); ${source}`);
    const timeout = code === "no-answer" ? 1_000 : 60_000;
    const fault = await judge(await runChild(pathToFileURL(program), [], { timeout }));
    expect(fault).toEqual({
      code,
      found: expect.stringMatching(found) as string,
      remedy: expect.stringMatching(/./) as string,
    });
  });

  it("is no fault after an answer, whatever else was printed", async () => {
    const program = join(folder, "program.mjs");
    await writeFile(program, `console.log('{ hello'); console.log('{"device":"d","gflops":1}');`);
    expect(await judge(await runChild(pathToFileURL(program), []))).toBeUndefined();
  });
});

it("says why TensorFlow has no GPU", () => {
  const stderr = [
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "W0000 00:00:1 gpu_device.cc:2342] Cannot dlopen some GPU libraries.",
    "    - While initializing adapter (backend=BackendType::Vulkan)",
  ].join("\n");
  expect(whyNoGpu(stderr).slice(-1)).toEqual(["Cannot dlopen some GPU libraries."]);
  if (process.platform === "linux") expect(whyNoGpu("")[0]).toMatch(/NVIDIA driver/);
});

describe("the command", () => {
  let project: Project;
  beforeEach(async () => {
    project = await makeProject();
    await project.install("yauzl");
  });
  afterEach(() => project.remove());

  async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const program = join(project.folder, "node_modules/@polytask/backend/dist/cli.js");
    return new Promise((resolve) => {
      const options = { cwd: project.folder };
      execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  }

  it("says what is installed and works, and how to get the rest", async () => {
    const { code, stdout } = await run("doctor");
    expect(code).toBe(0);
    expect(stdout.replaceAll(/[\d.]+ GFLOP/g, "N GFLOP")).toBe(
      `
node  ${process.versions.node} (${process.platform} ${process.arch})
tfjs  4.22.0, one copy

tensorflow-gpu  not installed  npm install --ignore-scripts @tensorflow/tfjs-node-gpu, then npx polytask-backend build-tensorflow --from DIR_OR_WHEEL
webgpu          not installed  npm install webgpu @tensorflow/tfjs-backend-webgpu
tensorflow      not installed  npm install --ignore-scripts @tensorflow/tfjs-node-gpu, then npx polytask-backend build-tensorflow --from DIR_OR_WHEEL
wasm            not installed  npm install @tensorflow/tfjs-backend-wasm
cpu             works          JavaScript on one thread: N GFLOP/s, gradients right
`.trimStart(),
    );
  });

  it.runIf(process.platform === "linux")(
    "survives a broken addon and a backend that ends the process, and names both",
    async () => {
      const fake = await fakeTensorFlow(project.folder);
      await truncate(fake.cc, 200);
      await project.pretend(
        "@tensorflow/tfjs-backend-wasm",
        "process.kill(process.pid, 'SIGBUS'); for (;;);",
      );
      await project.pretend("@tensorflow/tfjs-backend-webgpu", "");
      await project.pretend(
        "webgpu",
        `exports.globals = {};
         exports.create = () => ({ requestAdapter: async () => console.error("Warning: Vulkan: none") });`,
      );
      const { code, stdout } = await run("doctor", "--json", "--require", "cpu");
      expect(code).toBe(1);
      const { ok, backends } = JSON.parse(stdout) as Report;
      expect(ok).toBe(false);
      expect(backends.map(({ name, state, fault }) => [name, state, fault?.code])).toEqual([
        ["tensorflow-gpu", "broken", "library-cut"],
        ["webgpu", "no device", undefined],
        ["tensorflow", "broken", "library-cut"],
        ["wasm", "broken", "killed"],
        ["cpu", "works", undefined],
      ]);
      expect(backends[1].notes).toEqual([
        expect.stringContaining("needs a GPU; found no adapter"),
        "Warning: Vulkan: none",
      ]);
    },
  );

  it("fails where a GPU is wanted and no backend works on one", async () => {
    const { code, stdout } = await run("doctor", "--gpu", "--json");
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as Report).ok).toBe(false);
  });

  it("fails for a required backend that is not installed", async () => {
    const { code, stdout } = await run("doctor", "--require", "webgpu");
    expect(code).toBe(1);
    expect(stdout).toContain("note    required, but not installed");
  });

  it("fails where there is no tfjs", async () => {
    await rm(join(project.folder, "node_modules/@tensorflow/tfjs"));
    const { code, stdout } = await run("doctor");
    expect(code).toBe(1);
    expect(stdout).toContain("tfjs  not found: npm install @tensorflow/tfjs");
    expect(stdout).toMatch(/^cpu +not installed +npm install @tensorflow\/tfjs$/m);
  });

  it("names the copies of tfjs when there are several", async () => {
    const second = join(project.folder, "node_modules/@tensorflow/tfjs-backend-wasm");
    await project.pretend("@tensorflow/tfjs-backend-wasm", "exports.setWasmPaths = () => {};");
    const core = join(second, "node_modules/@tensorflow/tfjs-core");
    await cp(
      join(project.folder, "node_modules/@polytask/backend/package.json"),
      join(core, "package.json"),
    );
    const { code, stdout } = await run("doctor");
    expect(code).toBe(1);
    expect(stdout).toContain("tfjs  2 copies");
    expect(stdout).toContain(core);
    expect(stdout).toContain("another copy of tfjs");
  });

  it.each([
    [[], "A command is needed."],
    [["doctr"], 'There is no command "doctr".'],
    [["doctor", "--fix"], "--fix"],
    [["doctor", "--require", "gpu"], 'found "gpu"'],
    [["build-tensorflow"], "needs --from"],
    [["build-tensorflow", "--from", ".", "--package", "x"], "--package needs one of"],
  ])("%j is wrong usage", async (args, found) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(found);
    expect(stderr).toContain("usage: polytask-backend doctor");
  });

  it("prints its usage when asked", async () => {
    expect(await run("--help")).toMatchObject({ code: 0, stderr: "" });
    const documented = await readFile(new URL("../COMMANDS.md", import.meta.url), "utf8");
    const { stdout } = await run("doctor", "--help");
    for (const option of stdout.match(/--[a-z]+/g) ?? []) expect(documented).toContain(option);
  });
});

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { checkProvider } from "../../src/session/provider.ts";
import type { Runtime } from "../../src/session/runtime.ts";

/** Errors that need a broken installation are quoted there too. */
const page = readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");
const quoted: unknown = expect.toSatisfy((message) => page.includes(`\n${String(message)}\n`));

const failing = (message: string) => (): Promise<Runtime> => Promise.reject(new Error(message));

let loadRuntime: (load?: () => Promise<Runtime>) => Promise<Runtime>;
beforeAll(async () => {
  // A module that has loaded no runtime yet, whatever other files did.
  vi.resetModules();
  ({ loadRuntime } = await import("../../src/session/runtime.ts"));
});

describe("without ONNX Runtime", () => {
  it("names the one line that installs it", async () => {
    const absent = failing("Cannot find package 'onnxruntime-node' imported from engine.js");
    await expect(loadRuntime(absent)).rejects.toMatchObject({
      code: "POLYTASK_ONNX_RUNTIME",
      found: "it is not installed",
      remedy: "ONNXRUNTIME_NODE_INSTALL=skip npm i onnxruntime-node",
      message: quoted,
    });
  });

  it("says so where there is no build for the system", async () => {
    const unbuilt = failing(
      "Cannot find module '../bin/napi-v6/sunos/x64/onnxruntime_binding.node'",
    );
    await expect(loadRuntime(unbuilt)).rejects.toMatchObject({
      code: "POLYTASK_ONNX_RUNTIME",
      found: expect.stringContaining("has no binary that loads on") as string,
      remedy: expect.stringContaining("eager") as string,
    });
  });

  it("tries again when it is asked again", async () => {
    await expect(loadRuntime(failing("Cannot find package"))).rejects.toThrow();
    expect(await loadRuntime()).toHaveProperty("InferenceSession");
  });
});

describe("without a provider", () => {
  const runtime = async (found: string): Promise<Runtime> => {
    const real = await loadRuntime();
    const InferenceSession = { create: () => Promise.reject(new Error(found)) };
    return {
      ...real,
      Tensor: real.Tensor,
      listSupportedBackends: real.listSupportedBackends,
      InferenceSession,
    };
  };

  it("says which there are", async () => {
    const poor = {
      ...(await runtime("")),
      listSupportedBackends: () => [{ name: "cpu", bundled: true }],
    };
    await expect(checkProvider(poor, "webgpu")).rejects.toMatchObject({
      code: "POLYTASK_ONNX_PROVIDER",
      found: "this build of onnxruntime-node knows cpu",
    });
  });

  it("says what is missing, without the runtime's inside", async () => {
    const inside =
      "/onnxruntime_src/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const Config&)::<lambda()> " +
      "status == Success was false. Failed to get a WebGPU adapter: No supported adapters\n\n";
    await expect(checkProvider(await runtime(inside), "webgpu")).rejects.toMatchObject({
      code: "POLYTASK_ONNX_PROVIDER",
      found: "it does not start: Failed to get a WebGPU adapter: No supported adapters",
      remedy: expect.stringContaining("Vulkan") as string,
      cause: { message: inside },
      message: quoted,
    });
  });

  it("asks nothing of the CPU", async () => {
    await expect(checkProvider(await runtime("never"), "cpu")).resolves.toBeUndefined();
  });
});

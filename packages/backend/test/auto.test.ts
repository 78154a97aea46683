import { afterEach, beforeEach, expect, it } from "vitest";
import { makeProject, type Project } from "./project.ts";

let project: Project;

beforeEach(async () => {
  project = await makeProject();
});

afterEach(() => project.remove());

const program = (wanted: string): string => `
  import * as tf from "@tensorflow/tfjs";
  import { useBackend } from "@polytask/backend";
  const outcome = await useBackend("${wanted}").then(
    ({ name, device, passedOver }) =>
      ({ name, device, passedOver: passedOver.map(({ name, why }) => [name, why.match(/POLYTASK\\w+/)[0]]) }),
    ({ code, message }) => ({ code, message }),
  );
  console.log(JSON.stringify({ ...outcome, backend: tf.getBackend(), navigator: typeof navigator }));
`;

/** WebGPU for Node with one adapter, or none. */
const dawn = (info: object | null): string => `
  exports.globals = { GPUBufferUsage: {} };
  exports.create = () => ({ requestAdapter: async () => (${info ? `{ info: ${JSON.stringify(info)} }` : "null"}) });
`;

/** tfjs's WebGPU backend, which asks for a navigator; it computes nothing here. */
const webgpu = `
  const tf = require("@tensorflow/tfjs");
  if (navigator.gpu && GPUBufferUsage) {
    tf.registerBackend("webgpu", async () => {
      if (!(await navigator.gpu.requestAdapter())) throw new Error("no adapter");
      return tf.engine().registryFactory.cpu.factory();
    });
  }
`;

/** tfjs-node as an application loaded it by itself, before the program; it computes nothing here. */
const tfjsNode = (isUsingGpuDevice: boolean): string => `
  tf.registerBackend("tensorflow", () => {
    const binding = { TF_Version: "2.21.0" };
    const backend = tf.engine().registryFactory.cpu.factory();
    return Object.assign(backend, { binding, isUsingGpuDevice: ${isUsingGpuDevice} });
  });
`;

const gpu = { vendor: "nvidia", device: "h100", description: "580.1", isFallbackAdapter: false };
const missing = "POLYTASK_BACKEND_MISSING";
const device = "POLYTASK_BACKEND_DEVICE";
const wasm = "@tensorflow/tfjs-backend-wasm";
const installWebgpu = async (info: object | null): Promise<void> => {
  await project.pretend("webgpu", dawn(info));
  await project.pretend("@tensorflow/tfjs-backend-webgpu", webgpu);
};
const navigator = Number(process.versions.node.split(".")[0]) >= 21 ? "object" : "undefined";

it("with nothing installed is cpu, and says what to install for each better one", async () => {
  expect(await project.outcome(program("auto"))).toEqual({
    name: "cpu",
    device: "JavaScript on one thread",
    passedOver: ["tensorflow-gpu", "webgpu", "tensorflow", "wasm"].map((name) => [name, missing]),
    backend: "cpu",
    navigator,
  });
});

it("takes a GPU by webgpu, and leaves no navigator behind", async () => {
  await installWebgpu(gpu);
  await project.install(wasm);
  expect(await project.outcome(program("auto"))).toEqual({
    name: "webgpu",
    device: "WebGPU on nvidia h100 (580.1)",
    passedOver: [["tensorflow-gpu", missing]],
    backend: "webgpu",
    navigator,
  });
});

it("passes over an adapter that is software, which webgpu by name takes", async () => {
  await installWebgpu({ ...gpu, isFallbackAdapter: true });
  await project.install(wasm);
  expect(await project.outcome(program("auto"))).toMatchObject({
    name: "wasm",
    passedOver: [
      ["tensorflow-gpu", missing],
      ["webgpu", device],
      ["tensorflow", missing],
    ],
    backend: "wasm",
  });
  expect(await project.outcome(program("webgpu"))).toMatchObject({ name: "webgpu" });
});

it("says what to do where there is no adapter, and keeps the backend in use", async () => {
  await installWebgpu(null);
  expect(await project.outcome(program("webgpu"))).toEqual({
    code: device,
    message: expect.stringMatching(
      /needs a GPU; found no adapter\. Install .*libvulkan1/,
    ) as string,
    backend: "cpu",
    navigator,
  });
});

it("wants a GPU of TensorFlow before webgpu, and webgpu before TensorFlow on the CPU", async () => {
  await installWebgpu(gpu);
  expect(await project.outcome(tfjsNode(true) + program("auto"))).toMatchObject({
    name: "tensorflow-gpu",
    device: "TensorFlow 2.21.0 on a GPU",
    passedOver: [],
    backend: "tensorflow",
  });
  expect(await project.outcome(tfjsNode(false) + program("auto"))).toMatchObject({
    name: "webgpu",
    passedOver: [["tensorflow-gpu", device]],
  });
  expect(await project.outcome(tfjsNode(false) + program("tensorflow"))).toMatchObject({
    name: "tensorflow",
    device: "TensorFlow 2.21.0 on the CPU",
  });
});

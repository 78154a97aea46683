import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeProject, type Project } from "./project.ts";

const wasm = "@tensorflow/tfjs-backend-wasm";
const program = `
  import * as tf from "@tensorflow/tfjs";
  import { useBackend } from "@polytask/backend";
  await tf.setBackend("cpu");
  const outcome = await useBackend("wasm").catch(({ name, code, message }) => ({ name, code, message }));
  const [sum] = await tf.sum(tf.tensor([1, 2])).data();
  console.log(JSON.stringify({ outcome, backend: tf.getBackend(), sum }));
`;

let project: Project;

beforeEach(async () => {
  project = await makeProject();
});

afterEach(() => project.remove());

it("does not repair twice when two copies of this package are loaded", async () => {
  await project.install(wasm);
  const { folder } = project;
  await cp(join(folder, "node_modules/@polytask/backend/dist"), join(folder, "copy"), {
    recursive: true,
  });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const twice = `
    import * as tf from "@tensorflow/tfjs";
    import { useBackend } from "@polytask/backend";
    import { useBackend as again } from "./copy/index.js";
    await useBackend("wasm");
    const before = tf.getKernelsForBackend("wasm");
    await again("wasm");
    const same = tf.getKernelsForBackend("wasm").every((kernel) => before.includes(kernel));
    console.log(JSON.stringify({ copies: useBackend !== again, same }));
  `;
  expect(await project.outcome(twice)).toEqual({ copies: true, same: true });
});

it("finds the wasm package and its binaries by itself", async () => {
  await project.install(wasm);
  expect(await project.outcome(program)).toMatchObject({
    outcome: { name: "wasm" },
    backend: "wasm",
    sum: 3,
  });
});

it("says so when the wasm package is not installed", async () => {
  expect(await project.outcome(program)).toEqual({
    outcome: {
      name: "BackendError",
      code: "POLYTASK_BACKEND_MISSING",
      message:
        "the wasm backend needs the package @tensorflow/tfjs-backend-wasm; found none. Install it beside " +
        "@tensorflow/tfjs, at the same version: npm install @tensorflow/tfjs-backend-wasm. (POLYTASK_BACKEND_MISSING)",
    },
    backend: "cpu",
    sum: 3,
  });
});

it.each([
  ["cannot be loaded", "throw new Error('broken');", "could not be loaded"],
  ["needs a package that is not there", "require('not-there');", "could not be loaded"],
  ["belongs to another copy of tfjs", "exports.setWasmPaths = () => {};", "another copy of tfjs"],
  [
    "does not start",
    "require('@tensorflow/tfjs').registerBackend('wasm', async () => { throw new Error('no'); }); exports.setWasmPaths = () => {};",
    "did not start",
  ],
])("says so when the wasm package %s", async (_, source, found) => {
  await project.pretend(wasm, source);
  expect(await project.outcome(program)).toMatchObject({
    outcome: {
      name: "BackendError",
      code: "POLYTASK_BACKEND_FAILED",
      message: expect.stringContaining(found) as string,
    },
    backend: "cpu",
    sum: 3,
  });
});

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const found = (name: string): string => dirname(require.resolve(`${name}/package.json`));
const program = `
  import * as tf from "@tensorflow/tfjs";
  import { useBackend } from "@polytask/backend";
  await tf.setBackend("cpu");
  const outcome = await useBackend("wasm").catch(({ name, code, message }) => ({ name, code, message }));
  const [sum] = await tf.sum(tf.tensor([1, 2])).data();
  console.log(JSON.stringify({ outcome, backend: tf.getBackend(), sum }));
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "polytask-backend-"));
  const here = fileURLToPath(new URL("..", import.meta.url));
  const scope = join(folder, "node_modules", "@polytask", "backend");
  await mkdir(scope, { recursive: true });
  await cp(join(here, "dist"), join(scope, "dist"), { recursive: true });
  await cp(join(here, "package.json"), join(scope, "package.json"));
  await mkdir(join(folder, "node_modules", "@tensorflow"));
  await symlink(found("@tensorflow/tfjs"), join(folder, "node_modules", "@tensorflow", "tfjs"));
});

afterEach(() => rm(folder, { recursive: true }));

/** Runs a program in plain Node, in the folder. */
async function outcome(source = program): Promise<unknown> {
  await writeFile(join(folder, "program.mjs"), source);
  const { stdout } = await promisify(execFile)(process.execPath, ["program.mjs"], { cwd: folder });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

/** Puts a package in the place of the wasm backend. */
async function pretend(source: string): Promise<void> {
  const place = join(folder, "node_modules", "@tensorflow", "tfjs-backend-wasm");
  await mkdir(place);
  await writeFile(join(place, "package.json"), '{ "version": "4.22.0", "main": "index.js" }');
  await writeFile(join(place, "index.js"), source);
}

const installWasm = (): Promise<void> =>
  symlink(
    found("@tensorflow/tfjs-backend-wasm"),
    join(folder, "node_modules", "@tensorflow", "tfjs-backend-wasm"),
  );

it("does not repair twice when two copies of this package are loaded", async () => {
  await installWasm();
  await cp(join(folder, "node_modules", "@polytask", "backend", "dist"), join(folder, "copy"), {
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
  expect(await outcome(twice)).toEqual({ copies: true, same: true });
});

it("finds the wasm package and its binaries by itself", async () => {
  await installWasm();
  expect(await outcome()).toMatchObject({ outcome: { name: "wasm" }, backend: "wasm", sum: 3 });
});

it("says so when the wasm package is not installed", async () => {
  expect(await outcome()).toEqual({
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
  await pretend(source);
  expect(await outcome()).toMatchObject({
    outcome: {
      name: "BackendError",
      code: "POLYTASK_BACKEND_FAILED",
      message: expect.stringContaining(found) as string,
    },
    backend: "cpu",
    sum: 3,
  });
});

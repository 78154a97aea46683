import { spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { elf, machines } from "./elf-writer.ts";
import {
  CC,
  ccContents,
  fakeTensorFlow,
  type FakeTensorFlow,
  FRAMEWORK,
  frameworkContents,
} from "./fake-tensorflow.ts";
import { makeProject, type Project } from "./project.ts";
import { zip } from "./zip-writer.ts";

const supported = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
const [own, foreign] = process.arch === "arm64" ? ["aarch64", "x86_64"] : ["x86_64", "aarch64"];
const include = ["c_api.h", "eager/c_api.h"].map((file) => `include/tensorflow/c/${file}`);

describe.runIf(supported)("build-tensorflow", () => {
  let project: Project;
  let fake: FakeTensorFlow;
  let tensorflow: string;
  let headers: string;
  let wheel: string;

  beforeEach(async () => {
    project = await makeProject();
    await project.install("yauzl");
    fake = await fakeTensorFlow(project.folder);
    await rm(fake.addon);
    tensorflow = dirname(fake.cc);
    headers = join(project.folder, "headers");
    wheel = join(project.folder, "tensorflow_cpu-2.21.0.whl");
    for (const file of [
      ...include.map((file) => join(tensorflow, file)),
      join(headers, "node_api.h"),
    ]) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, "");
    }
    await project.pretend("@mapbox/node-pre-gyp", "exports.find = () => {};");
    // TensorFlow as far as the check of a new addon can see
    await project.pretend(
      fake.installation.name,
      `const tf = require("@tensorflow/tfjs");
       tf.registerBackend("tensorflow", () =>
         Object.assign(tf.findBackendFactory("cpu")(), { isUsingGpuDevice: false, binding: { TF_Version: "2.21.0" } }));
       tf.copyRegisteredKernels("cpu", "tensorflow");`,
    );
    await compiler('exec cp "$FAKE_ADDON" "$last"');
    await writeFile(join(project.folder, "addon"), addon());
  });
  afterEach(() => project.remove());

  const addon = (calls = ["TF_NewStatus"], runpath = tensorflow): Buffer =>
    elf({ needed: [CC, FRAMEWORK], bindNow: true, calls, runpath });

  /** A compiler that is a script; `$last` is what it should write. */
  async function compiler(script: string): Promise<void> {
    const file = join(project.folder, "compiler");
    await writeFile(
      file,
      `#!/bin/sh\n[ "$1" = --version ] && exit 0\nfor last; do :; done\n${script}\n`,
    );
    await chmod(file, 0o755);
  }

  async function writeWheel(changes: Record<string, string | Buffer> = {}): Promise<void> {
    const files = {
      "tensorflow_cpu-2.21.0.dist-info/WHEEL": `Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_27_${own}\n`,
      [`tensorflow/${CC}`]: elf(ccContents),
      [`tensorflow/${FRAMEWORK}`]: elf(frameworkContents),
      ...Object.fromEntries(include.map((file) => [`tensorflow/${file}`, "// a header"])),
      "tensorflow/include/tensorflow/core/other.h": "",
      "tensorflow/python/other.py": "",
    };
    await writeFile(wheel, zip({ ...files, ...changes }));
  }

  interface Ended {
    readonly code: number | null;
    readonly text: string;
  }

  function run(
    args: readonly string[],
    onText: (text: string, stop: () => void) => void = () => {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const program = join(project.folder, "node_modules/@polytask/backend/dist/cli.js");
    const child = spawn(process.execPath, [program, "build-tensorflow", ...args], {
      cwd: project.folder,
      env: {
        ...process.env,
        CXX: join(project.folder, "compiler"),
        FAKE_ADDON: join(project.folder, "addon"),
        XDG_CACHE_HOME: join(project.folder, "cache"),
        LD_LIBRARY_PATH: "",
        ...env,
      },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        onText(text, () => child.kill("SIGINT"));
      });
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, text })));
  }

  const build = (from: string, ...more: string[]): Promise<Ended> =>
    run(["--from", from, "--headers", headers, ...more]);

  /** What a failed build must not leave behind. */
  async function leftovers(): Promise<string[]> {
    const folders = [project.folder, join(project.folder, "cache/polytask"), dirname(fake.addon)];
    const files = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
    return files.flat().filter((name) => name.startsWith(".") || name.endsWith(".node"));
  }

  async function fails(
    code: string,
    found: RegExp,
    from: string,
    ...more: string[]
  ): Promise<void> {
    const ended = await build(from, ...more);
    expect(ended).toEqual({
      code: 1,
      text: expect.stringContaining(`(${code})`) as string,
    });
    expect(ended.text).toMatch(found);
    expect(await leftovers()).toEqual([]);
  }

  it("builds, checks, and then has nothing to do", async () => {
    const first = await build(tensorflow);
    expect(first).toEqual({
      code: 0,
      text: expect.stringMatching(
        /^building .* against .*\n.*tfjs_binding\.node works: TensorFlow 2\.21\.0 on the CPU/,
      ) as string,
    });
    expect(await leftovers()).toEqual([basename(fake.addon)]);
    await compiler("exit 1");
    expect(await build(tensorflow)).toEqual({
      code: 0,
      text: expect.stringContaining("is up to date") as string,
    });
  });

  it("unpacks a wheel's libraries and headers once, and again when one was broken", async () => {
    const place = join(project.folder, "cache/polytask/tensorflow-2.21.0");
    await writeWheel();
    await writeFile(join(project.folder, "addon"), addon(["TF_NewStatus"], place));
    expect((await build(wheel)).text).toMatch(/^unpacking .*\nbuilding .*\n.* works: /);
    expect(
      (await readdir(place, { recursive: true })).filter((file) => file.includes(".")),
    ).toEqual(expect.arrayContaining([CC, FRAMEWORK, "polytask.json", ...include]) as string[]);
    expect(await readdir(join(place, "include/tensorflow"))).toEqual(["c"]);
    expect((await build(wheel)).text).toMatch(
      /^.* has this wheel's files already\n.* is up to date/,
    );
    await truncate(join(place, CC), 100);
    expect((await build(wheel)).text).toMatch(/^unpacking .*\n.* is up to date/);
    expect((await stat(join(place, CC))).size).toBe(elf(ccContents).length);
  });

  it("unpacks to a folder of the user's choice, but not over other files", async () => {
    await writeWheel();
    const to = join(project.folder, "mine");
    await writeFile(join(project.folder, "addon"), addon(["TF_NewStatus"], to));
    expect(await build(wheel, "--to", to)).toMatchObject({ code: 0 });
    await rm(fake.addon);
    await fails("folder-refused", /Choose another with --to/, wheel, "--to", headers);
    expect(await readdir(headers)).toEqual(["node_api.h"]);
  });

  it("keeps the addon that is there when the new one does not work", async () => {
    await fake.link({ calls: ["TF_Gone"] });
    const before = await readFile(fake.addon);
    await writeFile(join(project.folder, "addon"), addon(["TF_AlsoGone"]));
    const { code, text } = await build(tensorflow);
    expect(code).toBe(1);
    expect(text).toContain("TF_AlsoGone");
    expect(await readFile(fake.addon)).toEqual(before);
    expect(await leftovers()).toEqual([basename(fake.addon)]);
  });

  it("does not put an addon in place that ends the process", async () => {
    await project.pretend(fake.installation.name, "process.kill(process.pid, 'SIGBUS'); for (;;);");
    await fails("build-failed", /ended by SIGBUS while loading/, tensorflow);
  });

  it("cleans up when it is interrupted", async () => {
    await compiler('touch "$last"; sleep 100');
    const args = ["--from", tensorflow, "--headers", headers];
    const ended = await run(args, (text, stop) => {
      if (text.endsWith("tensorflow\n")) setTimeout(stop, 300);
    });
    expect(ended).toEqual({ code: 130, text: expect.stringContaining("interrupted") as string });
    expect(await leftovers()).toEqual([]);
  });

  it("says what the compiler said", async () => {
    await compiler(
      "echo 'x.cc:1: fatal error: xla/tsl/c/tsl_status.h: No such file or directory' >&2; exit 1",
    );
    await fails("headers-missing", /the header xla\/tsl\/c\/tsl_status\.h/, tensorflow);
    await compiler("echo 'x.cc:1:2: error: expected a semicolon' >&2; exit 1");
    await fails("build-failed", /error: expected a semicolon/, tensorflow);
  });

  it("wants an installed package", async () => {
    await fails(
      "package-missing",
      /npm install --ignore-scripts @tensorflow\/tfjs-node\./,
      tensorflow,
      "--package",
      "@tensorflow/tfjs-node",
    );
    await rm(fake.installation.folder, { recursive: true });
    await fails(
      "package-missing",
      /npm install --ignore-scripts @tensorflow\/tfjs-node-gpu/,
      tensorflow,
    );
  });

  it("wants a folder of TensorFlow, whole and for this processor", async () => {
    await fails(
      "source-wrong",
      /found no such folder in .*nowhere/,
      join(project.folder, "nowhere"),
    );
    await fails("source-wrong", /found node_api\.h in/, headers);
    await truncate(fake.cc, 200);
    await fails("source-wrong", /the first 200 bytes of a library/, tensorflow);
    await writeFile(
      fake.cc,
      elf({ ...ccContents, machine: machines[process.arch === "arm64" ? "x64" : "arm64"] }),
    );
    await fails("architecture-wrong", /a library for/, tensorflow);
    await writeFile(fake.cc, elf({ ...ccContents, soname: "libtensorflow.so.2" }));
    await fails("source-wrong", /needs libtensorflow\.so\.2 beside/, tensorflow);
    await writeFile(fake.cc, elf(ccContents));
    await rm(fake.framework);
    await fails("source-wrong", /needs libtensorflow_framework\.so\.2 beside/, tensorflow);
  });

  it("takes a C archive: libtensorflow.so.2 in lib/", async () => {
    const archive = join(project.folder, "archive");
    const lib = join(archive, "lib");
    await mkdir(lib, { recursive: true });
    await writeFile(
      join(lib, "libtensorflow.so.2"),
      elf({ ...ccContents, soname: "libtensorflow.so.2" }),
    );
    await writeFile(join(lib, FRAMEWORK), elf(frameworkContents));
    await fails("headers-missing", /TensorFlow's headers/, archive);
    for (const file of include) {
      await mkdir(dirname(join(archive, file)), { recursive: true });
      await writeFile(join(archive, file), "");
    }
    const linked = elf({ needed: ["libtensorflow.so.2", FRAMEWORK], bindNow: true, runpath: lib });
    await writeFile(join(project.folder, "addon"), linked);
    expect(await build(archive)).toMatchObject({ code: 0 });
    expect((await build(lib)).text).toContain("is up to date");
  });

  it("wants headers and a compiler", async () => {
    await fails(
      "headers-missing",
      /node_api\.h.*npm install --save-dev node-api-headers/,
      tensorflow,
      "--headers",
      tensorflow,
    );
    const nothing = { PATH: "", CXX: "" };
    const { text } = await run(["--from", tensorflow, "--headers", headers], undefined, nothing);
    expect(text).toMatch(/apt-get install g\+\+.*\(compiler-missing\)/);
    await rm(join(tensorflow, "include"), { recursive: true });
    await fails("headers-missing", /TensorFlow's headers/, tensorflow);
  });

  it("wants a whole wheel of TensorFlow for this machine", async () => {
    await writeWheel({
      "tensorflow_cpu-2.21.0.dist-info/WHEEL": `Tag: cp311-cp311-manylinux_2_27_${foreign}`,
    });
    await fails(
      "architecture-wrong",
      RegExp(`needs a wheel for Linux ${own}; found one with Tag: .*${foreign}`),
      wheel,
    );
    await writeFile(wheel, zip({ "numpy-2.0.0.dist-info/WHEEL": "Tag: py3-none-any" }));
    await fails("source-wrong", /neither its libraries nor its headers/, wheel);
    await writeFile(wheel, "<!DOCTYPE html>");
    await fails("wheel-damaged", /cannot be unpacked/, wheel);

    await writeWheel();
    const whole = await readFile(wheel);
    await writeFile(wheel, whole.subarray(0, whole.length / 2));
    await fails("wheel-damaged", /Download it again/, wheel);
    // the checksum that the list of files, at the end, has for a library
    whole.writeUInt32LE(1, whole.lastIndexOf(`tensorflow/${FRAMEWORK}`) - 30);
    await writeFile(wheel, whole);
    await fails("wheel-damaged", /a checksum is wrong/, wheel);
  });
});

import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Fault, FaultCode } from "../src/tensorflow/faults.ts";
import { inspect, survey } from "../src/tensorflow/inspect.ts";
import { findInstallations } from "../src/tensorflow/installation.ts";
import { elf, machines } from "./elf-writer.ts";
import {
  CC,
  ccContents,
  fakeTensorFlow,
  type FakeTensorFlow,
  FRAMEWORK,
  frameworkContents,
} from "./fake-tensorflow.ts";

const REBUILD =
  "npx polytask-backend build-tensorflow --from DIR_OR_WHEEL --package @tensorflow/tfjs-node-gpu";
const WHOLE = "Put a whole copy of it there";
const foreign = process.arch === "arm64" ? "x64" : "arm64";
let fake: FakeTensorFlow;

beforeEach(async () => {
  vi.stubEnv("LD_LIBRARY_PATH", "");
  fake = await fakeTensorFlow();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.remove();
});

it("finds the installed packages from a file or a folder below them", async () => {
  const { folder, installation } = fake;
  expect(findInstallations(folder)).toEqual([installation]);
  await writeFile(join(folder, "program.js"), "");
  expect(findInstallations(join(folder, "program.js"))).toEqual([installation]);
  expect(findInstallations(dirname(folder))).toEqual([]);
});

describe.runIf(process.platform === "linux")("on Linux", () => {
  /** A fault with all of its texts to hold, and the same from both doors. */
  async function demand(code: FaultCode, found: RegExp, remedy: string): Promise<Fault> {
    const fault = await inspect(fake.installation);
    expect(fault).toEqual({
      code,
      found: expect.stringMatching(found) as string,
      remedy: expect.stringContaining(remedy) as string,
    });
    return fault as Fault;
  }

  it("sees no fault in a whole one, and which libraries it would load", async () => {
    const { fault, addon, libraries } = await survey(fake.installation);
    expect(fault).toBeUndefined();
    expect(addon?.bindsNow).toBe(true);
    expect(libraries.map(({ path }) => path)).toEqual([fake.cc, fake.framework]);
  });

  it("finds libraries by $ORIGIN, by RPATH and by links", async () => {
    const deps = join(fake.installation.folder, "deps", "lib");
    await mkdir(deps, { recursive: true });
    await symlink(fake.cc, join(deps, CC));
    await symlink(fake.framework, join(deps, FRAMEWORK));
    await fake.link({ runpath: "$ORIGIN/../../deps/lib" });
    expect(await inspect(fake.installation)).toBeUndefined();
    await writeFile(fake.addon, elf({ needed: [CC], rpath: dirname(fake.cc) }));
    const { libraries } = await survey(fake.installation);
    expect(libraries.map(({ path }) => path)).toEqual([fake.cc, fake.framework]);
  });

  it("follows LD_LIBRARY_PATH before RUNPATH", async () => {
    vi.stubEnv("LD_LIBRARY_PATH", join(fake.folder, "other"));
    await mkdir(join(fake.folder, "other"));
    await writeFile(join(fake.folder, "other", CC), "");
    await demand("library-empty", /other\/libtensorflow_cc/, WHOLE);
  });

  it("addon-missing", async () => {
    await rm(fake.addon);
    await demand(
      "addon-missing",
      /has no compiled addon; it looks for .*tfjs_binding\.node$/,
      REBUILD,
    );
  });

  it.each([
    ["addon-empty", "", /0 bytes/],
    ["addon-web-page", "<html>", /web page/],
    ["addon-not-elf", "MZ\0\0", /4d5a0000/],
    [
      "addon-architecture",
      elf({ machine: machines[foreign] }),
      RegExp(`for ${foreign}; this Node is for`),
    ],
  ] as const)("%s", async (code, bytes, found) => {
    await writeFile(fake.addon, bytes);
    await demand(code, found, REBUILD);
  });

  it.each([
    ["library-empty", "", /0 bytes/, WHOLE],
    ["library-web-page", "<!DOCTYPE html>", /web page/, WHOLE],
    ["library-not-elf", "PK\x03\x04", /504b0304/, WHOLE],
    [
      "library-architecture",
      elf({ machine: machines[foreign] }),
      RegExp(`for ${foreign}`),
      REBUILD,
    ],
  ] as const)("%s, in either library", async (code, bytes, found, remedy) => {
    for (const library of [fake.framework, fake.cc]) {
      const whole = await readFile(library);
      await writeFile(library, bytes);
      expect((await demand(code, found, remedy)).found).toContain(library);
      await writeFile(library, whole);
    }
  });

  it("passes over a library for another processor as the loader does", async () => {
    const other = join(fake.folder, "other");
    await mkdir(other);
    await writeFile(join(other, CC), elf({ machine: machines[foreign] }));
    await fake.link({ runpath: `${other}:${dirname(fake.cc)}` });
    expect(await inspect(fake.installation)).toBeUndefined();
  });

  it.each(["addon", "cc", "framework"] as const)("%s cut, were it by one byte", async (which) => {
    const { length } = await readFile(fake[which]);
    for (const left of [100, length / 2, length - 1]) {
      await truncate(fake[which], Math.floor(left));
      const code = which === "addon" ? "addon-cut" : "library-cut";
      await demand(code, /the first \d+ bytes of a library/, which === "addon" ? REBUILD : WHOLE);
    }
  });

  it("library-missing", async () => {
    for (const [library, other] of [
      [fake.framework, CC],
      [fake.cc, FRAMEWORK],
    ]) {
      await rename(library, `${library}.aside`);
      await demand("library-missing", RegExp(`its other half, ${other}, is in`), WHOLE);
      await rename(`${library}.aside`, library);
    }
  });

  it("library-nowhere", async () => {
    await rm(dirname(fake.cc), { recursive: true });
    await demand("library-nowhere", /no other library of TensorFlow is there/, REBUILD);
  });

  it("library-other-name, with the folder to build against", async () => {
    await fake.link({ needed: ["libtensorflow.so.2", FRAMEWORK] });
    await demand(
      "library-other-name",
      /needs libtensorflow\.so\.2, which is neither in .* has libtensorflow_cc\.so\.2 instead/,
      `--from ${dirname(fake.cc)}`,
    );
  });

  it("library-misnamed", async () => {
    await writeFile(fake.cc, elf({ ...ccContents, soname: "libtensorflow.so.2" }));
    await demand("library-misnamed", /calls itself libtensorflow\.so\.2/, WHOLE);
  });

  it("libraries-apart", async () => {
    const other = join(fake.folder, "other");
    await mkdir(other);
    await rename(fake.framework, join(other, FRAMEWORK));
    await fake.link({ runpath: `${dirname(fake.cc)}:${other}` });
    await demand("libraries-apart", /must be of one TensorFlow, in one folder/, REBUILD);
  });

  it("function-missing, and whether the load or the call would tell", async () => {
    await writeFile(fake.framework, elf({ ...frameworkContents, defines: ["TF_Other"] }));
    const { found } = await demand(
      "function-missing",
      /1 are missing there \(TF_NewStatus\)$/,
      REBUILD,
    );
    expect(found).not.toContain("-z now");
    await fake.link({ bindNow: false });
    await demand("function-missing", /without -z now.*code 127$/, REBUILD);
  });

  it("addon-unreadable, library-unreadable", async () => {
    for (const [file, code] of [
      [fake.addon, "addon-unreadable"],
      [fake.cc, "library-unreadable"],
    ] as const) {
      const whole = await readFile(file);
      await rm(file);
      // nobody can read a folder as a file; root can read any file
      await mkdir(file);
      await demand(code, /not to be read \(EISDIR\)/, `chmod a+r ${file}`);
      await rm(file, { recursive: true });
      await writeFile(file, whole);
    }
  });

  it("says how to repair what this package unpacked, or pip", async () => {
    await writeFile(fake.cc, "");
    const origin = { wheel: "/wheels/it's.whl", version: "2.21.0", files: {} };
    await writeFile(join(dirname(fake.cc), "polytask.json"), JSON.stringify(origin));
    await demand(
      "library-empty",
      /0 bytes/,
      `--from '/wheels/it'\\''s.whl' --to ${dirname(fake.cc)}`,
    );

    const packages = join(fake.folder, "lib", "python3.11", "site-packages", "tensorflow");
    await mkdir(dirname(packages), { recursive: true });
    await rm(join(dirname(fake.cc), "polytask.json"));
    await rename(dirname(fake.cc), packages);
    await mkdir(join(dirname(packages), "tensorflow_cpu-2.21.0.dist-info"));
    await mkdir(join(dirname(packages), "tensorflow_io-0.37.0.dist-info"));
    await fake.link({ runpath: packages });
    await demand(
      "library-empty",
      /0 bytes/,
      `${fake.folder}/bin/python3 -m pip install --force-reinstall --no-deps tensorflow-cpu==2.21.0; then: `,
    );
  });
});

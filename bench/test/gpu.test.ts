import { CONTRACT, createTrainer, type SurgeryPlugin } from "@polytask/core";
import { caseName, gradientCases } from "@polytask/testkit/gradients";
import { describe, expect, it } from "vitest";
import { nameOf } from "../dist/cases.js";
import { compose } from "../dist/composition.js";
import { judge } from "../dist/devices.js";
import { cases, quickCases } from "../dist/gpu/conformance.js";
import { remedyFor } from "../dist/gpu/doctor.js";
import { additionsFor, type Found, icdOf } from "../dist/gpu/environment.js";
import { readGpus } from "../dist/gpu/nvidia.js";
import { type Gradients, held } from "../dist/gpu/sweep.js";
import { withStart } from "../dist/layout.js";
import { makeState } from "../dist/state.js";

const missing = (name: string): string =>
  `${name}: cannot open shared object file: No such file or directory`;

/** A machine with a loader, X11 and NVIDIA's driver, and a file that tells of it. */
const whole: Found = {
  answers: {
    "libvulkan.so.1": "",
    "libEGL.so.1": "",
    "libX11.so.6": "",
    "libXext.so.6": "",
    "libGLX_nvidia.so.0": "",
    "libEGL_nvidia.so.0": "",
  },
  icds: ["/etc/vulkan/icd.d/nvidia_icd.json"],
  env: {},
};

/** The same without some libraries, and without that file. */
const without = (answers: Readonly<Record<string, string>>): Found => ({
  ...whole,
  answers: { ...whole.answers, ...answers },
  icds: [],
});

describe("what a machine lacks for Vulkan", () => {
  it("is nothing where all is there", () => {
    expect(additionsFor(whole, "/b")).toEqual({ folders: [], notes: [] });
  });

  it("is the loader, on most servers", () => {
    const found = without({ "libvulkan.so.1": missing("libvulkan.so.1") });
    expect(additionsFor(found, "/b").folders).toEqual(["/b/lib/vulkan"]);
  });

  it("is EGL, without which NVIDIA's driver is loaded and has no device", () => {
    const found = without({ "libEGL.so.1": missing("libEGL.so.1") });
    expect(additionsFor(found, "/b").folders).toEqual(["/b/lib/egl"]);
  });

  it("is a file that tells of the driver, where a container's runtime brings libraries alone", () => {
    expect(additionsFor(without({}), "/b").driver).toBe("libGLX_nvidia.so.0");
    expect(JSON.parse(icdOf("libGLX_nvidia.so.0"))).toMatchObject({
      ICD: { library_path: "libGLX_nvidia.so.0" },
    });
  });

  it("is X11, without which the driver is there and does not load", () => {
    const found = without({
      "libX11.so.6": missing("libX11.so.6"),
      "libXext.so.6": missing("libXext.so.6"),
      "libGLX_nvidia.so.0": missing("libX11.so.6"),
    });
    expect(additionsFor(found, "/b")).toMatchObject({
      folders: ["/b/lib/x11"],
      driver: "libGLX_nvidia.so.0",
    });
  });

  it("is nothing that a file could tell of, where the driver only computes", () => {
    const found = without({
      "libGLX_nvidia.so.0": missing("libGLX_nvidia.so.0"),
      "libEGL_nvidia.so.0": missing("libEGL_nvidia.so.0"),
    });
    expect(additionsFor(found, "/b").driver).toBeUndefined();
    expect(additionsFor({ ...found, driverFolder: "/d" }, "/b")).toMatchObject({
      folders: ["/d"],
      driver: "libGLX_nvidia.so.0",
    });
  });

  it("is the driver's form without X11, where it has only that", () => {
    const found = without({ "libGLX_nvidia.so.0": missing("libGLX_nvidia.so.0") });
    expect(additionsFor(found, "/b").driver).toBe("libEGL_nvidia.so.0");
  });

  it.each(["VK_DRIVER_FILES", "VK_ICD_FILENAMES"])("is left to whoever sets %s", (name) => {
    const found = { ...without({}), env: { [name]: "/own.json" } };
    expect(additionsFor(found, "/b").driver).toBeUndefined();
  });
});

describe("a software adapter", () => {
  const found = { name: "WebGPU on mesa llvmpipe (LLVM 15)" };

  it("is taken where it is wanted alone", () => {
    expect(judge(found, true)).toEqual(found);
    expect(judge(found, false).obstacle).toContain("POLYTASK_SOFTWARE_ADAPTER=1 takes it");
  });

  it("is none that computes on a GPU", () => {
    const gpu = { name: "WebGPU on nvidia (NVIDIA: 550.54)" };
    expect(judge(gpu, false)).toEqual(gpu);
    expect(judge({ obstacle: "no adapter" }, false)).toEqual({ obstacle: "no adapter" });
  });
});

describe("nvidia-smi", () => {
  it("has a GPU a line", () => {
    const csv = "NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB\nTesla T4, 535.1, 15360 MiB\n";
    expect(readGpus(csv)).toEqual([
      { name: "NVIDIA H100 80GB HBM3", driver: "550.54.15", memory: "81559 MiB" },
      { name: "Tesla T4", driver: "535.1", memory: "15360 MiB" },
    ]);
  });

  it("tells a machine without a GPU from a container without its graphics", () => {
    expect(remedyFor("nvidia-smi is not there")).not.toContain("NVIDIA_DRIVER_CAPABILITIES");
    expect(remedyFor([{ name: "T4", driver: "1", memory: "1" }])).toContain(
      "NVIDIA_DRIVER_CAPABILITIES",
    );
  });
});

describe("conformance", () => {
  const withSurgery = [...cases, ...quickCases].filter(({ model }) => model.endsWith("-pcgrad"));

  it.each(withSurgery.map((c) => [nameOf(c), c] as const))("%s has a conflict", async (_, c) => {
    const products: number[] = [];
    const listener: SurgeryPlugin = {
      kind: "surgery",
      name: "listener",
      contract: CONTRACT,
      create: () => ({
        mix: ({ gramian }) => {
          products.push(...gramian.flat());
          return gramian.map((row, i) => row.map((_, j) => Number(i === j)));
        },
      }),
    };
    const start = makeState(c);
    const { tasks, parts, data } = compose(c, start);
    await using trainer = await createTrainer(tasks, { ...parts, surgery: listener });
    await trainer.restore(withStart(await trainer.state(), start, c));
    await trainer.fit(data, { steps: 1, batchSize: c.batch, shuffle: false });
    expect(Math.min(...products)).toBeLessThan(0);
  });
});

describe("a sweep", () => {
  const [first, second, third, fourth] = gradientCases.map(caseName);
  const one = [Float32Array.of(1)];
  const cpu: Gradients = new Map([first, second, third, fourth].map((name) => [name, one]));

  it("tells right, wrong and missing apart", () => {
    const found: Gradients = new Map<string, typeof one | string>([
      [first, [Float32Array.of(1)]],
      [second, [Float32Array.of(2)]],
      [third, "no kernel"],
    ]);
    expect(held(found, cpu).slice(0, 4)).toEqual([
      { case: first, outcome: "right", distance: 0 },
      { case: second, outcome: "wrong", distance: 1 },
      { case: third, outcome: "missing", error: "no kernel" },
      { case: fourth, outcome: "missing", error: "its process ended" },
    ]);
  });

  it("has nothing right that the CPU has not", () => {
    const [finding] = held(new Map([[first, one]]), new Map([[first, "no gradient"]]));
    expect(finding.outcome).toBe("wrong");
  });
});

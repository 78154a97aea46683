import { describe, expect, it } from "vitest";
import { judge } from "../dist/ratios.js";
import type { Results } from "../dist/results.js";

/** One run of a case: milliseconds and memory by implementation. */
const run = (
  name: string,
  found: Readonly<Record<string, readonly [ms: number, mib: number]>>,
): Results => ({
  machine: {
    date: "",
    processor: "",
    cores: 2,
    threads: 2,
    versions: {},
    peersSha256: "",
    rounds: 1,
    foreignCpuShare: null,
    compileMilliseconds: {},
  },
  rows: Object.entries(found).map(([implementation, [ms, mib]]) => ({
    case: name,
    implementation: implementation as Results["rows"][number]["implementation"],
    msMedian: ms,
    msMin: ms / 2,
    peakMiB: mib,
  })),
});

describe("judge", () => {
  it("takes the median over the runs of each run's own ratio", () => {
    const [verdict] = judge([
      run("mmoe-sum@256", { "polytask-onnx": [1, 100], "torch-libmtl": [3.5, 200] }),
      run("mmoe-sum@256", { "polytask-onnx": [2, 100], "torch-libmtl": [5, 200] }),
      run("mmoe-sum@256", { "polytask-onnx": [10, 100], "torch-libmtl": [31, 200] }),
    ]);
    expect(verdict).toMatchObject({
      demand: "time of torch-libmtl",
      ratios: [3.5, 2.5, 3.1],
      median: 3.1,
      least: 3,
      met: true,
    });
  });

  it.each([
    ["mmoe-sum@256", 1.19, false],
    ["mmoe-sum@256", 1.2, true],
    ["mmoe-sum@2048", 1.04, false],
    ["mmoe-sum@2048", 1.05, true],
  ])("asks of %s at %d× torch-batched: %s", (name, ratio, met) => {
    const [verdict] = judge([
      run(name, { "polytask-onnx": [1, 100], "torch-batched": [ratio, 100] }),
    ]);
    expect([verdict.demand, verdict.met]).toEqual(["time of torch-batched", met]);
  });

  it.each([
    ["mmoe-sum@256", "tfjs-tensorflow", 4, "polytask-tensorflow"],
    ["mmoe-sum@2048", "tfjs-tensorflow", 2.5, "polytask-tensorflow"],
    ["mmoe-pcgrad@2048", "torch-batched", 1, "polytask-tensorflow-xla"],
  ])("asks TensorFlow's engines of %s: %s takes %d× %s", (name, peer, least, ours) => {
    for (const [ratio, met] of [
      [least, true],
      [least - 0.01, false],
    ] as const) {
      const [verdict] = judge([run(name, { [ours]: [1, 1], [peer]: [ratio, 1] })]);
      expect(verdict).toMatchObject({ demand: `time of ${peer} to ${ours}`, least, met });
    }
  });

  it("wants to be faster than jax-jit, not as fast", () => {
    const of = (ms: number) =>
      judge([run("mmoe-sum@256", { "polytask-onnx": [1, 1], "jax-jit": [ms, 1] })]);
    expect(of(1).map(({ met }) => met)).toEqual([false]);
    expect(of(1.001).map(({ met }) => met)).toEqual([true]);
  });

  it("wants no more memory than either form in PyTorch", () => {
    const verdicts = judge([
      run("shared-pcgrad@256", {
        "polytask-onnx": [1, 300],
        "torch-libmtl": [9, 310],
        "torch-batched": [9, 290],
      }),
    ]);
    expect(
      verdicts.filter(({ demand }) => demand.startsWith("memory")).map(({ met }) => met),
    ).toEqual([true, false]);
  });

  it("demands nothing of a case without peers, or of runs without ours", () => {
    expect(judge([run("ple-sum@256", { "polytask-onnx": [1, 1], "tfjs-wasm": [9, 1] })])).toEqual(
      [],
    );
    expect(judge([run("mmoe-sum@256", { "torch-libmtl": [1, 1], "jax-jit": [9, 1] })])).toEqual([]);
  });
});

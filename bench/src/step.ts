import { hasPeers, nameOf, stepCases } from "./cases.ts";
import { type Comparison, compare } from "./compare.ts";
import { begin } from "./begin.ts";
import { implementations, isPeer } from "./implementations.ts";
import { readOptions } from "./options.ts";
import { resultsOf, shareText, writeResults } from "./results.ts";
import { alignColumns } from "./table.ts";

/** One training step of ours beside that of others: see the README. */
export async function step(args: readonly string[]): Promise<void> {
  const options = readOptions("bench step", args, {
    cases: stepCases,
    // Plain JavaScript is a reference, and takes seconds for a step.
    implementations: implementations.filter((name) => name !== "tfjs-cpu"),
    rounds: 15,
  });
  const { machine, available, devices } = await begin(options);
  console.log(
    "Agreement is that of losses, and of norm, first and last number of every gradient, from one state; for it\n" +
      "PCGrad visits the other tasks in ascending order. Rounds then repeat one batch.",
  );

  const found = new Map<string, Comparison>();
  for (const c of options.cases) {
    const names = available.filter((name) => hasPeers(c) || !isPeer(name));
    if (names.length === 0) continue;
    console.log(`\n${nameOf(c)}, T = ${c.tasks}`);
    const comparison = await compare(c, names, { ...options, devices });
    report(comparison);
    found.set(nameOf(c), comparison);
  }
  if (options.json !== undefined) {
    await writeResults(options.json, resultsOf(machine, options.rounds, found));
  }
}

export function report({ rows, difference, foreignShare, compilation }: Comparison): void {
  const ours = rows.find(({ implementation }) => implementation === "polytask-onnx");
  console.log(
    alignColumns([
      ["implementation", "ms median", "ms least", "× polytask-onnx", "peak MiB"],
      ...rows.map(({ implementation, msMedian, msMin, peakMiB }) => [
        implementation,
        msMedian.toFixed(2),
        msMin.toFixed(2),
        ours ? (msMedian / ours.msMedian).toFixed(2) : "–",
        peakMiB.toFixed(0),
      ]),
    ]),
  );
  for (const { implementation, device } of rows) {
    if (device !== undefined) console.log(`${implementation}: ${device}`);
  }
  if (difference) {
    console.log(
      `agreement: losses to ${difference.losses.toExponential(1)}, ` +
        `gradients to ${difference.gradients.toExponential(1)} of their norm`,
    );
  }
  if (compilation) {
    const { milliseconds, diagnostics } = compilation;
    console.log(
      `polytask-onnx compiled its step in ${milliseconds.toFixed(0)} ms, with ${diagnostics} diagnostics`,
    );
  }
  if (foreignShare !== undefined) {
    console.log(shareText(foreignShare));
  }
}

/** Signals that are handled while XLA multiplies: without the engine's guard the heap is overwritten after some hundred. */
import { describe, expect, it } from "vitest";
import { isThere } from "./saved-model-session.ts";
import { inChild } from "./tfjs-node.ts";

/** Trains while a thread sends thousands of signals to the process; the losses of the last step. */
const program = `
  const { Worker } = await import("node:worker_threads");
  const { createTrainer, input, regression, CONTRACT } = await import("@polytask/core");
  const { mmoe } = await import("@polytask/arch-mmoe");
  const { tensorflow } = await import("@polytask/engine-tensorflow");

  let handled = 0;
  process.on("SIGWINCH", () => handled++);
  let losses;
  const trainer = await createTrainer(
    { a: regression(), b: regression() },
    {
      encoder: input([128]),
      architecture: mmoe({ experts: 8, hidden: [64, 32], towers: [16] }),
      engine: tensorflow({ xla: true, threads: 2 }),
      observers: [{
        kind: "observer", name: "observer-losses", contract: CONTRACT,
        create: () => ({ step: (found) => { losses = found.losses; } }),
      }],
    },
    { seed: 3 },
  );
  const rows = 256;
  const inputs = new Float32Array(rows * 128).map((_, i) => Math.sin(i));
  const labels = inputs.subarray(0, rows);
  const fit = (steps) => trainer.fit({ inputs, labels: { a: labels, b: labels } }, { steps, batchSize: rows });
  await fit(10);
  const sender = process.argv[1] === "signals" && new Worker(
    "setInterval(() => { for (let i = 0; i < 8; i++) process.kill(process.pid, 'SIGWINCH'); }, 1)",
    { eval: true },
  );
  await fit(1_000);
  if (sender) await sender.terminate();
  console.log(JSON.stringify({ losses, handled }));
`;

interface Run {
  readonly losses: Readonly<Record<string, number>>;
  readonly handled: number;
}

describe.skipIf(!isThere)("training with XLA while signals are handled", () => {
  it("learns what it learns without", async () => {
    const { losses, handled } = (await inChild(program, "signals")) as Run;
    expect(handled).toBeGreaterThan(500);
    expect(losses).toEqual(((await inChild(program, "none")) as Run).losses);
  });
});

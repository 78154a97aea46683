import { createTrainer, type EnginePlugin } from "@polytask/core";
import type { Choice } from "@polytask/example-engine";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { nothing, tasks, type ToyTask, twoNumbers } from "./architecture.ts";
import type { Point } from "./problem.ts";

/** One way through the toy: how the two gradients are combined, from where, and for how long. */
export interface Run extends Choice {
  readonly method: "sum" | "pcgrad";
  readonly start: Point;
  readonly steps: number;
}

/** Trains the two numbers with Adam, 1e-3: the end point. */
export async function run(
  { method, start, steps }: Omit<Run, keyof Choice>,
  engine: EnginePlugin<ToyTask>,
  onProgress?: (step: number) => void,
): Promise<Point> {
  await using trainer = await createTrainer(tasks, {
    architecture: twoNumbers(start),
    optimizer: adam({ learningRate: 1e-3 }),
    engine,
    ...(method === "pcgrad" && { surgery: pcgrad() }),
  });
  while (trainer.step < steps) {
    await trainer.fit(nothing, { steps: Math.min(trainer.step + 2000, steps) });
    onProgress?.(trainer.step);
  }
  const [{ values }] = Object.values((await trainer.state()).variables);
  return [values[0], values[1]];
}

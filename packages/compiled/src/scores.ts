import type { Batch, Network, SomeTasks, StepPlace } from "@polytask/core";
import { seededRandom } from "@polytask/core";
import { columnSpace, type Layout, sizeOf, traceScores } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Compiled } from "./compiled.ts";
import { fillPass, passSpaces } from "./inputs.ts";
import type { Values } from "./memory.ts";

/** Inference on batches of one shape. */
export interface Scorer<Name extends string> {
  readonly score: (batch: Batch<Name>, place: StepPlace) => Promise<SomeTasks<Name, Tensor>>;
  readonly dispose: () => Promise<void>;
}

const space = (task: string): string => `scores/${task}`;

/** Compiles inference for batches like the given one. */
export async function createScorer<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { memory, compile }: Compiled,
  batch: Batch<Name>,
): Promise<Scorer<Name>> {
  const start = performance.now();
  const columns = Object.fromEntries(
    Object.entries(batch.columns).map(([name, { shape, dtype }]) => [name, { shape, dtype }]),
  );
  const step = traceScores(network, layout, { size: batch.size, tasks: batch.tasks, columns });
  const traced = performance.now() - start;
  const inputs = passSpaces(step.inputs);
  const results = step.scores.map(({ task, value }) => ({
    task,
    shape: value.shape,
    values: new Float32Array(sizeOf(value.shape)),
  }));
  const program = await compile(
    {
      what: `scores of ${batch.size}`,
      graph: step.graph,
      targets: step.scores.map(({ task, value }) => ({ node: value, space: space(task), at: 0 })),
      examples: batch.size,
      traced,
    },
    {
      reads: new Map<string, Values>([...memory.spaces, ...inputs]),
      writes: new Map(results.map(({ task, values }) => [space(task), values])),
    },
  );
  return {
    score: async (group, place) => {
      // A fresh stream each time: what is drawn outside training leaves training's stream alone.
      fillPass(step.inputs, inputs, { random: seededRandom(0)("evaluation"), place });
      await program.run(
        new Map(
          Object.entries(group.columns).map(([name, { values }]) => [columnSpace(name), values]),
        ),
      );
      return Object.fromEntries(
        results.map(({ task, shape, values }) => [task, tf.tensor(values.slice(), [...shape])]),
      ) as SomeTasks<Name, Tensor>;
    },
    dispose: () => program.dispose(),
  };
}

import { columnSums, type Matrix } from "@polytask/core";
import {
  combineStep,
  type GatherStep,
  type Graph,
  type Layout,
  type Node,
  SPACE,
  type Target,
} from "@polytask/graph";
import type { Compiled } from "./compiled.ts";
import type { Gathered } from "./gatherer.ts";
import type { Values } from "./memory.ts";
import type { Mixing, Standing } from "./operate.ts";

/** Combined gradients of shared parameters, by parameter, as results with the places that they go to. */
export type Combined = (
  graph: Graph,
  gradients: readonly (Node | undefined)[],
) => readonly Target[];

/**
 * The combined gradient of the shared parameters by one more forward and backward pass, of Σ_k ρ_k·L_k, where no rows of J
 * were kept: as many backward passes as surgery treats sets of blocks apart. The pass is given what the first one was.
 */
export async function combineLean(
  layout: Layout,
  compiled: Compiled,
  combined: Combined,
  gathered: Gathered | undefined,
  { present, weights: { length: tasks } }: Standing,
  mixing: Mixing,
): Promise<void> {
  if (!gathered) throw new Error("unreachable: gradients are combined that none were gathered for");
  if (layout.jacobian.length === 0) return;
  const matrices = layout.jacobian.map((block) => mixing.get(block) as Matrix);
  const distinct = [...new Set(matrices)];
  const weighting = matrices.map((matrix) => distinct.indexOf(matrix));
  const pass = await compiled.once(`again ${gathered.group} ${weighting.join()}`, () =>
    compilePass(layout, compiled, combined, gathered, weighting),
  );
  pass.weights.fill(0);
  distinct.forEach((matrix, place) => {
    const sums = columnSums(matrix);
    present.forEach((task, i) => {
      pass.weights[place * tasks + task] = sums[i];
    });
  });
  await pass.program.run(gathered.columns);
}

async function compilePass(
  layout: Layout,
  { memory, compile }: Compiled,
  combined: Combined,
  { what, step, spaces }: Gathered,
  weighting: readonly number[],
) {
  const start = performance.now();
  const backward = step.backward as NonNullable<GatherStep["backward"]>;
  const gradients: (Node | undefined)[] = layout.parameters.map(() => undefined);
  combineStep(step.graph, layout, backward, weighting).forEach((node, i) => {
    gradients[layout.jacobian[i].index] = node;
  });
  const traced = performance.now() - start;
  const weights = new Float32Array((1 + Math.max(...weighting)) * backward.size);
  const program = await compile(
    {
      what: `${what}, backward again`,
      graph: step.graph,
      targets: combined(step.graph, gradients),
      traced,
    },
    {
      reads: new Map<string, Values>([...memory.spaces, ...spaces, [SPACE.mixing, weights]]),
      writes: memory.spaces,
    },
  );
  return { program, weights, dispose: () => program.dispose() };
}

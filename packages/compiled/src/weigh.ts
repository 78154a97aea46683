import type { Network, StepInfo } from "@polytask/core";
import { ancestors, type Layout, SPACE, type Target, traceWeigh } from "@polytask/graph";
import type { Compiled } from "./compiled.ts";
import { fillPass, passSpaces } from "./inputs.ts";
import { OUT, type Values } from "./memory.ts";
import { createVigil } from "./vigil.ts";

/** Weights of the whole step's losses, and the gradients at the extras, into memory. */
export async function weigh<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  compiled: Compiled,
  info: StepInfo,
): Promise<void> {
  const everyone = info.counts.every((count) => count > 0);
  const phase = network.weighting.phase?.() ?? "";
  const { inputs, spaces, program, vigil, fixed } = await compiled.once(
    `weights ${everyone} ${phase}`,
    () => compileWeigh(network, layout, compiled, everyone),
  );
  vigil.used(() => traceWeigh(network, layout, everyone).recording);
  if (fixed) {
    compiled.memory.weights.set(fixed);
    return;
  }
  fillPass(inputs, spaces, { random: network.noise, place: info });
  const present = spaces.get(SPACE.present) as Float32Array;
  info.counts.forEach((count, k) => {
    present[k] = Number(count > 0);
  });
  await program.run();
}

async function compileWeigh<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { memory, compile }: Compiled,
  everyone: boolean,
) {
  const start = performance.now();
  const step = traceWeigh(network, layout, everyone);
  const traced = performance.now() - start;
  const spaces = new Map<string, Values>([
    ...passSpaces(step.inputs),
    [SPACE.present, new Float32Array(network.tasks.length)],
    [SPACE.losses, memory.losses],
  ]);
  const targets: Target[] = [{ node: step.weights, space: OUT.weights, at: 0 }];
  step.extras.forEach((node, i) => {
    const { at } = layout.parameters[network.parameters.length + i];
    if (node) targets.push({ node, space: OUT.gradients, at });
  });
  const program = await compile(
    { what: "weights", graph: step.graph, targets, traced },
    { reads: new Map([...memory.spaces, ...spaces]), writes: memory.spaces },
  );
  // Equal weights, say: what depends on nothing is computed once.
  const isFixed =
    targets.length === 1 && ancestors([step.weights]).every(({ op }) => op !== "View");
  if (isFixed) await program.run();
  return {
    fixed: isFixed ? memory.weights.slice() : undefined,
    inputs: step.inputs,
    spaces,
    program,
    vigil: createVigil(step.recording),
    dispose: () => program.dispose(),
  };
}

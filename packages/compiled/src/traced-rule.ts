import type { ElementwiseOptimizer } from "@polytask/core";
import {
  type Layout,
  slotSpace,
  SPACE,
  type Target,
  traceUpdate,
  UPDATE_SPACE,
} from "@polytask/graph";
import type { Compiled } from "./compiled.ts";
import type { Values } from "./memory.ts";
import type { TracedRule } from "./update.ts";

/** An optimizer's rule run as a graph: on all parameters, of which the moving ones are then taken. */
export function createTracedRule(
  optimizer: ElementwiseOptimizer,
  layout: Layout,
  compiled: Compiled,
): TracedRule {
  return async (scalars) => {
    const width = Math.max(...[...scalars.values()].map(({ length }) => length));
    const { numbers, next, program } = await compiled.once(`update ${width}`, () =>
      compileUpdate(optimizer, layout, compiled, width),
    );
    for (const [parameter, values] of scalars) {
      numbers.set(values, parameter.index * width);
    }
    await program.run();
    const { parameters, slots } = compiled.memory;
    for (const { at, size } of scalars.keys()) {
      parameters.set(next[0].subarray(at, at + size), at);
      slots.forEach((slot, i) => {
        slot.set(next[i + 1].subarray(at, at + size), at);
      });
    }
  };
}

async function compileUpdate(
  optimizer: ElementwiseOptimizer,
  layout: Layout,
  { memory, compile }: Compiled,
  width: number,
) {
  const start = performance.now();
  const step = traceUpdate(optimizer, layout, width);
  const traced = performance.now() - start;
  const names = [SPACE.parameters, ...optimizer.slots.map(slotSpace)];
  const next = names.map(() => new Float32Array(layout.parameterSize));
  const numbers = new Float32Array(layout.parameters.length * width);
  const targets = step.parameters.flatMap(({ value, slots }, i): Target[] =>
    [value, ...slots].map((node, j) => ({ node, space: names[j], at: layout.parameters[i].at })),
  );
  const program = await compile(
    { what: "update", graph: step.graph, targets, traced },
    {
      reads: new Map<string, Values>([...memory.spaces, [UPDATE_SPACE.scalars, numbers]]),
      writes: new Map(names.map((name, i) => [name, next[i]])),
    },
  );
  return { numbers, next, program, dispose: () => program.dispose() };
}

import type { ElementwiseOptimizer, Network } from "@polytask/core";
import { needsRows } from "@polytask/core/engine";
import {
  COMBINED_SPACE,
  type Layout,
  ops,
  sizeOf,
  slotSpace,
  SPACE,
  type Target,
  traceApply,
  UPDATE_SPACE,
} from "@polytask/graph";
import type { Compiled } from "../compiled.ts";
import type { Values } from "../memory.ts";
import type { Program } from "../runtime.ts";
import { hasPenalties, ONE_GROUP } from "../wishes.ts";
import type { Store } from "./store.ts";

/** What the host sends to the second graph, beside the rule's numbers. */
export interface ApplyInputs {
  /** One number per row of J, block after block. */
  readonly mixing: Float32Array;
  readonly weights: Float32Array;
  readonly moves: Float32Array;
}

export const applyInputs = <Name extends string>(
  { tasks }: Network<Name>,
  { jacobian, parameters }: Layout<Name>,
): ApplyInputs => ({
  mixing: new Float32Array(jacobian.reduce((sum, { rows }) => sum + rows.length, 0)),
  weights: new Float32Array(tasks.length),
  moves: new Float32Array(parameters.length),
});

/** Parameters that move by the same numbers, tensor by tensor; undefined where each is taken by itself. */
export type Together = readonly (readonly number[])[] | undefined;

/** The second graph, compiled. */
export interface ApplyProgram {
  readonly program: Program;
  /** The rule's numbers, a row for each group or parameter. */
  readonly numbers: Float32Array;
  /** Σ|g| of each. */
  readonly magnitudes: Float32Array;
  readonly dispose: () => Promise<void>;
}

interface ApplyForm {
  readonly inputs: ApplyInputs;
  readonly store: Store;
  /** How many numbers the rule takes. */
  readonly width: number;
  readonly together: Together;
}

/** Compiles the second graph of a step. */
export async function compileApply<Name extends string>(
  network: Network<Name>,
  optimizer: ElementwiseOptimizer,
  layout: Layout<Name>,
  { memory, compile }: Compiled,
  { inputs, store, width, together }: ApplyForm,
): Promise<ApplyProgram> {
  const start = performance.now();
  const rows = needsRows(network, ONE_GROUP);
  const { graph, updated, magnitudes } = traceApply(network, optimizer, layout, width, {
    rows,
    rest: rows && hasPenalties(network),
    ...(together && { groups: together }),
  });
  const traced = performance.now() - start;
  const spaces = [SPACE.parameters, ...optimizer.slots.map(slotSpace)];
  const found = new Float32Array(updated.length);
  const numbers = new Float32Array(updated.length * width);
  const targets = store.segments.state.map(({ name, space, parameters }): Target => {
    const places = together ? [together.findIndex(([i]) => i === parameters[0])] : parameters;
    const parts = places.map((place) => {
      const { value, slots } = updated[place];
      const node = [value, ...slots][spaces.indexOf(space)];
      return ops.reshape(graph, node, [sizeOf(node.shape)]);
    });
    return { node: ops.concat(graph, parts, 0), space: name, at: 0 };
  });
  const program = await compile(
    {
      what: "update",
      graph,
      targets: [...targets, { node: magnitudes, space: MAGNITUDES, at: 0 }],
      traced,
    },
    {
      reads: new Map<string, Values>([
        ...memory.spaces,
        [SPACE.mixing, inputs.mixing],
        [COMBINED_SPACE.weights, inputs.weights],
        [COMBINED_SPACE.moves, inputs.moves],
        [UPDATE_SPACE.scalars, numbers],
      ]),
      writes: new Map([[MAGNITUDES, found]]),
    },
  );
  return { program, numbers, magnitudes: found, dispose: () => program.dispose() };
}

/** The results that the host looks at. */
const MAGNITUDES = "magnitudes";

import type { ElementwiseOptimizer, Network } from "@polytask/core";
import { needsRows } from "@polytask/core/engine";
import {
  COMBINED_SPACE,
  type Graph,
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

/** One form of the second graph, and the memories through which the host and it know of each other. */
export interface ApplyForm {
  /** The rule's numbers, a row for each group or parameter. */
  readonly numbers: Float32Array;
  /** Σ|g| of each. */
  readonly magnitudes: Float32Array;
  /** Beside parameters, slots and gradients. */
  readonly reads: ReadonlyMap<string, Values>;
  readonly writes: ReadonlyMap<string, Values>;
  readonly trace: () => { readonly graph: Graph; readonly targets: readonly Target[] };
}

interface ApplyOptions {
  readonly inputs: ApplyInputs;
  readonly store: Store;
  /** Whether rows of J are kept. */
  readonly stored: boolean;
  /** How many numbers the rule takes. */
  readonly width: number;
  readonly together: Together;
}

export function applyForm<Name extends string>(
  network: Network<Name>,
  optimizer: ElementwiseOptimizer,
  layout: Layout<Name>,
  { inputs, store, stored, width, together }: ApplyOptions,
): ApplyForm {
  const rows = needsRows(network, ONE_GROUP);
  const count = (together ?? layout.parameters).length;
  const numbers = new Float32Array(count * width);
  const magnitudes = new Float32Array(count);
  const spaces = [SPACE.parameters, ...optimizer.slots.map(slotSpace)];
  return {
    numbers,
    magnitudes,
    reads: new Map<string, Values>([
      [SPACE.mixing, inputs.mixing],
      [COMBINED_SPACE.weights, inputs.weights],
      [COMBINED_SPACE.moves, inputs.moves],
      [UPDATE_SPACE.scalars, numbers],
    ]),
    writes: new Map([[MAGNITUDES, magnitudes]]),
    trace: () => {
      const step = traceApply(network, optimizer, layout, width, {
        rows,
        stored,
        rest: rows && hasPenalties(network),
        ...(together && { groups: together }),
      });
      const { graph, updated } = step;
      const targets = store.segments.state.map(({ name, space, parameters }): Target => {
        const places = together ? [together.findIndex(([i]) => i === parameters[0])] : parameters;
        const parts = places.map((place) => {
          const { value, slots } = updated[place];
          const node = [value, ...slots][spaces.indexOf(space)];
          return ops.reshape(graph, node, [sizeOf(node.shape)]);
        });
        return { node: ops.concat(graph, parts, 0), space: name, at: 0 };
      });
      return { graph, targets: [...targets, { node: step.magnitudes, space: MAGNITUDES, at: 0 }] };
    },
  };
}

/** The second graph, compiled. */
export interface ApplyProgram {
  readonly form: ApplyForm;
  readonly program: Program;
  readonly dispose: () => Promise<void>;
}

/** Compiles the second graph of a step by itself. */
export async function compileApply(
  { memory, compile }: Compiled,
  form: ApplyForm,
): Promise<ApplyProgram> {
  const start = performance.now();
  const { graph, targets } = form.trace();
  const traced = performance.now() - start;
  const program = await compile(
    { what: "update", graph, targets, traced },
    { reads: new Map([...memory.spaces, ...form.reads]), writes: form.writes },
  );
  return { form, program, dispose: () => program.dispose() };
}

/** The results that the host looks at. */
const MAGNITUDES = "magnitudes";

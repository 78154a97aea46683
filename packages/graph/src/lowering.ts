import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import { lowerings } from "./lowerings/index.ts";

/** One call of a tfjs kernel. */
export interface KernelCall<Attributes = Readonly<Record<string, unknown>>> {
  readonly graph: Graph;
  /** Operands by the names tfjs gives them; of kernels that take a list, by place: "0", "1", … */
  readonly inputs: Readonly<Record<string, Node>>;
  readonly attributes: Attributes;
}

/** What a tfjs kernel is in nodes of the graph: one value, or one per output. */
export type Lowering = (call: KernelCall) => Node | readonly Node[];

/** Lowerings by the name of the tfjs kernel. */
export type Lowerings = Readonly<Record<string, Lowering>>;

/** What comes with the package. */
const builtIn: Lowerings = lowerings;

/** What others have added. */
const added = new Map<string, Lowering>();

/**
 * Teaches all compiled engines a tfjs kernel, or replaces a lowering that is there. The function returned takes it back.
 *
 * Gradients of a kernel are tfjs's own business: register them with `tf.registerGradient`.
 */
export function registerLowering(kernel: string, lowering: Lowering): () => void {
  added.set(kernel, lowering);
  return () => {
    if (added.get(kernel) === lowering) added.delete(kernel);
  };
}

export const findLowering = (kernel: string): Lowering | undefined =>
  added.get(kernel) ?? (Object.hasOwn(builtIn, kernel) ? builtIn[kernel] : undefined);

export const kernelNames = (): readonly string[] => [...Object.keys(builtIn), ...added.keys()];

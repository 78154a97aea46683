import { type NodeOf, sizeOf, type Target } from "@polytask/graph";
import type { Wiring } from "./compiler.ts";
import type { Values } from "./memory.ts";
import { encode } from "./onnx/index.ts";
import { createSession, type SessionOptions, type Tensors, tensorOf } from "./session/index.ts";

/** A compiled graph, wired to memory. */
export interface Program {
  /** Runs once. `given` are memories that change from run to run: the columns of a batch. */
  readonly run: (given?: ReadonlyMap<string, Values>) => Promise<void>;
  /** Results go elsewhere from now on: to the second group's memory, and back. */
  readonly redirect: (writes: ReadonlyMap<string, Values>) => void;
  readonly dispose: () => Promise<void>;
}

/** Encodes a graph, loads it, and binds its inputs and outputs to memory. */
export async function createProgram(
  targets: readonly Target[],
  { reads, writes }: Wiring,
  options: SessionOptions,
): Promise<Program> {
  const named = targets.map((target, i) => ({ ...target, name: `out/${i}` }));
  const { bytes, inputs } = encode(named);
  const session = await createSession(bytes, options);
  const feeds: Tensors = {};
  const given: { readonly name: string; readonly view: NodeOf<"View"> }[] = [];
  for (const { name, view } of inputs) {
    const values = reads.get(view.attributes.space);
    if (values) feeds[name] = viewTensor(values, view);
    else given.push({ name, view });
  }
  // A space that no memory covers and that is written has to be cleared before it is read.
  let fetches = bindTargets(named, writes);
  return {
    run: async (changing) => {
      for (const { name, view } of given) {
        const values = changing?.get(view.attributes.space);
        if (!values)
          throw new Error(`unreachable: nothing was given for "${view.attributes.space}"`);
        feeds[name] = viewTensor(values, view);
      }
      await session.run(feeds, fetches);
    },
    redirect: (elsewhere) => {
      fetches = bindTargets(named, elsewhere);
    },
    dispose: () => session.release(),
  };
}

const viewTensor = (
  values: Values,
  { attributes: { at }, shape, dtype }: NodeOf<"View">,
): Tensors[string] => tensorOf(values.subarray(at, at + sizeOf(shape)), shape, dtype);

function bindTargets(
  targets: readonly (Target & { readonly name: string })[],
  writes: ReadonlyMap<string, Values>,
): Tensors {
  return Object.fromEntries(
    targets.map(({ name, node, space, at }) => {
      const values = writes.get(space);
      if (!values) throw new Error(`unreachable: no memory "${space}"`);
      return [name, tensorOf(values.subarray(at, at + sizeOf(node.shape)), node.shape, node.dtype)];
    }),
  );
}

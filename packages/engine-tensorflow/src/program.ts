import {
  inSegments,
  type Loader,
  pieceOf,
  type Program,
  type Store,
  type Values,
  type Wiring,
} from "@polytask/compiled";
import { type Graph, type Shape, sizeOf, splitTargets, type Target } from "@polytask/graph";
import { encode } from "./function/encode.ts";
import type { Attributes } from "./function/proto.ts";
import type { Context, Handle, Place } from "./library/context.ts";
import { forXla } from "./xla.ts";

export interface ProgramOptions {
  readonly xla: boolean;
  readonly device: "CPU" | "GPU";
}

/** Programs that copy everything in and out in every run. */
export const hostLoader = (context: Context, options: ProgramOptions): Loader => ({
  finish: (graph, targets) => splitTargets(graph, changed(graph, targets, options)),
  load: async (targets, wiring) => createProgram(context, targets, wiring, undefined, options),
});

/** Programs that read and write the tensors of a store where they lie; everything else crosses in every run. */
export const deviceLoader = (context: Context, store: Store, options: ProgramOptions): Loader => ({
  finish: (graph, targets) => inSegments(graph, changed(graph, targets, options), store),
  load: async (targets, wiring) => createProgram(context, targets, wiring, store, options),
});

const changed = (
  graph: Graph,
  targets: readonly Target[],
  { xla, device }: ProgramOptions,
): readonly Target[] => {
  if (!xla || device !== "CPU") return targets;
  const nodes = forXla(
    graph,
    targets.map(({ node }) => node),
  );
  return targets.map((target, i) => ({ ...target, node: nodes[i] }));
};

/** Names of functions, which a context must not have twice. */
let named = 0;

function createProgram(
  context: Context,
  targets: readonly Target[],
  { reads, writes }: Wiring,
  store: Store | undefined,
  { xla }: ProgramOptions,
): Program {
  const name = `polytask_${named++}`;
  const attributes: Attributes = xla ? { _XlaMustCompile: { bool: true } } : {};
  const { definition, inputs } = encode(
    name,
    targets.map(({ node }) => node),
    attributes,
  );
  const placeOf = (space: string, shape: Shape): Place | undefined =>
    store?.find(space) && { name: space, shape };
  const places = {
    inputs: inputs.map(({ attributes: { space }, shape }) => placeOf(space, shape)),
    outputs: targets.map(({ space, node: { shape } }) => placeOf(space, shape)),
  };
  context.add(definition, places);
  let into = writes;

  return {
    run: async (given) => {
      const crossing: Handle[] = [];
      const feeds = inputs.map((view, i): Handle => {
        const { space } = view.attributes;
        if (store && places.inputs[i]) return store.tensor(space);
        const values = reads.get(space) ?? given?.get(space);
        if (!values) throw new Error(`unreachable: no memory "${space}"`);
        const handle = context.tensor(pieceOf(values, view), view.shape, view.dtype);
        crossing.push(handle);
        return handle;
      });
      try {
        const results = context.call(name, feeds, targets.length);
        targets.forEach(({ node, space, at }, i) => {
          if (store && places.outputs[i]) {
            store.put(space, results[i]);
            return;
          }
          const values = into.get(space) as Values;
          context.read(results[i], values.subarray(at, at + sizeOf(node.shape)));
          results[i].dispose();
        });
      } finally {
        for (const handle of crossing) handle.dispose();
      }
    },
    redirect: (elsewhere) => {
      into = elsewhere;
    },
    dispose: async () => {
      context.remove(name);
    },
  };
}

import {
  fewRows,
  inSegments,
  type Loader,
  pieceOf,
  type Program,
  type Store,
  type Values,
  type Wiring,
} from "@polytask/compiled";
import type { Target } from "@polytask/graph";
import { encode } from "../onnx/index.ts";
import {
  createSession,
  outputsOf,
  type SessionOptions,
  tensorOf,
  type Tensors,
} from "../session/index.ts";
import { forWebgpu } from "../webgpu.ts";

/** Programs that read and write the tensors of a store where they lie; everything else crosses in every run. */
export const deviceLoader = (store: Store, options: SessionOptions): Loader => ({
  finish: (graph, targets) => {
    const known = options.provider === "webgpu" ? forWebgpu(graph, targets) : targets;
    return inSegments(graph, known, store, fewRows);
  },
  load: (targets, wiring) => createProgram(targets, wiring, store, options),
});

async function createProgram(
  targets: readonly Target[],
  { reads, writes }: Wiring,
  store: Store,
  options: SessionOptions,
): Promise<Program> {
  const named = targets.map((target, i) => ({ ...target, name: `out/${i}` }));
  const { bytes, inputs } = encode(named, { inPlace: false, pieces: outputsOf(options.provider) });
  const stays = (space: string): boolean => store.find(space) !== undefined;
  const session = await createSession(bytes, {
    ...options,
    locations: Object.fromEntries(
      named.map(({ name, space }) => [name, stays(space) ? "device" : "host"]),
    ),
  });
  const feeds: Tensors = {};
  const kept: { readonly name: string; readonly segment: string }[] = [];
  const given: (typeof inputs)[number][] = [];
  for (const input of inputs) {
    const { name, view } = input;
    const { space } = view.attributes;
    const values = reads.get(space);
    if (stays(space)) kept.push({ name, segment: space });
    else if (values) feeds[name] = tensorOf(pieceOf(values, view), view.shape, view.dtype);
    else given.push(input);
  }
  const fetches = Object.fromEntries(named.map(({ name }) => [name, null]));

  return {
    run: async (changing) => {
      // The store has tensors of this runtime alone.
      for (const { name, segment } of kept) feeds[name] = store.tensor(segment) as Tensors[string];
      for (const { name, view } of given) {
        const values = changing?.get(view.attributes.space);
        if (!values) throw new Error(`unreachable: no memory "${view.attributes.space}"`);
        feeds[name] = tensorOf(pieceOf(values, view), view.shape, view.dtype);
      }
      const results = await session.run(feeds, fetches);
      for (const { name, space, at } of named) {
        if (stays(space)) store.put(space, results[name]);
        else (writes.get(space) as Values).set(results[name].data as Float32Array, at);
      }
    },
    redirect: () => {
      throw new Error("unreachable: a step of several groups on a device");
    },
    dispose: () => session.release(),
  };
}

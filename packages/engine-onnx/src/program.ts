import { type Loader, pieceOf, type Program, type Values, type Wiring } from "@polytask/compiled";
import { ancestors, sizeOf, splitTargets, type Target } from "@polytask/graph";
import { encode } from "./onnx/index.ts";
import { type Bound, type Call, type Host, outputsOf } from "./session/index.ts";
import { forWebgpu } from "./webgpu.ts";

/** Programs on memory that the host shares with the runtime. */
export const hostLoader = (host: Host): Loader => ({
  finish: (graph, targets) =>
    splitTargets(graph, host.provider === "webgpu" ? forWebgpu(graph, targets) : targets),
  load: (targets, wiring) => createProgram(targets, wiring, host),
});

/** Encodes a graph, loads it, and binds its inputs and outputs to memory. */
async function createProgram(
  targets: readonly Target[],
  { reads, writes }: Wiring,
  host: Host,
): Promise<Program> {
  const named = targets.map((target, i) => ({ ...target, name: `out/${i}` }));
  const { bytes, inputs } = encode(named, { pieces: outputsOf(host.provider) });
  const size = bytesOf(targets);
  const model = await host.load(bytes, { planned: size <= PLANNED, little: size <= LITTLE });
  const given = inputs.filter(({ view }) => !reads.has(view.attributes.space));
  const feeds = inputs.map(({ name, view }) => {
    const { shape, dtype } = view;
    const values = reads.get(view.attributes.space);
    return { name, shape, dtype, ...(values && { values: pieceOf(values, view) }) };
  });
  const calls: { readonly into: readonly Values[]; readonly call: Call }[] = [];

  /** The call that writes there: bound once, since steps of two groups go to and fro between two places. */
  const callInto = (elsewhere: ReadonlyMap<string, Values>): Call => {
    const into = named.map(({ space }) => {
      const values = elsewhere.get(space);
      if (!values) throw new Error(`unreachable: no memory "${space}"`);
      return values;
    });
    const known = calls.find((one) => one.into.every((values, i) => values === into[i]));
    if (known) return known.call;
    const fetches = named.map(({ name, node: { shape, dtype }, at }, i): Bound => {
      return { name, shape, dtype, values: into[i].subarray(at, at + sizeOf(shape)) };
    });
    const call = model.bind(feeds, fetches);
    calls.push({ into, call });
    return call;
  };

  // A space that no memory covers and that is written has to be cleared before it is read.
  let call = callInto(writes);
  return {
    run: (changing) =>
      call(
        new Map(
          given.map(({ name, view }) => {
            const values = changing?.get(view.attributes.space);
            if (values) return [name, pieceOf(values, view)];
            throw new Error(`unreachable: nothing was given for "${view.attributes.space}"`);
          }),
        ),
      ),
    redirect: (elsewhere) => {
      call = callInto(elsewhere);
    },
    dispose: () => model.release(),
  };
}

/** Up to so many bytes of values are worth a plan of their places, which is faster and takes more memory. */
const PLANNED = 2 ** 27;

/** Up to so many bytes of values take one thread a few microseconds. */
const LITTLE = 2 ** 14;

/** Of all values that a run makes. */
const bytesOf = (targets: readonly Target[]): number =>
  ancestors(targets.map(({ node }) => node))
    .filter(({ op }) => op !== "View")
    .reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);

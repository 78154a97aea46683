import {
  createSession,
  settingsFor,
  openRuntime,
  type Session,
  type SessionOptions,
  type Tensors,
} from "../session/session.ts";
import { readsShared } from "./direct.ts";
import type { BindRequest, Place, Request } from "./protocol.ts";
import { createSharedMemories, type SharedMemory, stretchesOf } from "./shared-memory.ts";

interface ServedModel {
  readonly session: Session;
  readonly calls: number[];
  /** What its calls use; one that two of them do is here twice. */
  readonly memories: number[];
}

/**
 * Starts to serve: gives what does one request after another.
 *
 * @throws POLYTASK_ONNX_RUNTIME, POLYTASK_ONNX_PROVIDER
 */
export async function serve(options: SessionOptions): Promise<(request: Request) => Promise<void>> {
  const runtime = await openRuntime(options);
  const memories = createSharedMemories(await readsShared(runtime));
  const models = new Map<number, ServedModel>();
  const calls = new Map<number, () => Promise<void>>();

  const bind = (request: BindRequest): void => {
    const { session, ...model } = known(models, request.model);
    const used = new Map(request.memories.map(([id, buffer]) => [id, memories.take(id, buffer)]));
    model.calls.push(request.call);
    model.memories.push(...used.keys());
    const feeds = tensorsOf(request.feeds, used);
    const fetches = tensorsOf(request.fetches, used);
    const before = stretchesOf(request.feeds);
    const after = stretchesOf(request.fetches);
    calls.set(request.call, async () => {
      for (const { memory, from, to } of before) known(used, memory).pull(from, to);
      await session.run(feeds, fetches);
      for (const { memory, from, to } of after) known(used, memory).push(from, to);
    });
  };

  const release = async (id: number): Promise<void> => {
    const model = known(models, id);
    models.delete(id);
    for (const call of model.calls) calls.delete(call);
    for (const memory of model.memories) memories.leave(memory);
    await model.session.release();
  };

  return async (request) => {
    switch (request.kind) {
      case "load": {
        const session = await createSession(request.bytes, settingsFor(request, options));
        models.set(request.model, { session, calls: [], memories: [] });
        return;
      }
      case "bind":
        bind(request);
        return;
      case "run":
        await known(calls, request.call)();
        return;
      case "release":
        await release(request.model);
    }
  };
}

const tensorsOf = (
  places: readonly Place[],
  memories: ReadonlyMap<number, SharedMemory>,
): Tensors =>
  Object.fromEntries(
    places.map((place) => [place.name, known(memories, place.memory).tensorAt(place)]),
  );

function known<Value>(map: ReadonlyMap<number, Value>, id: number): Value {
  const value = map.get(id);
  if (value === undefined) throw new Error(`unreachable: the worker knows no number ${id}`);
  return value;
}

import { sizeOf } from "@polytask/graph";
import type { Values } from "../memory.ts";
import type { DeviceRuntime, DeviceTensor } from "../runtime.ts";
import type { Segment, Segments } from "./segments.ts";

/** The tensors that stay with the runtime from one run to the next. */
export interface Store {
  readonly segments: Segments;
  /** The segments of a memory, in the order of their places. */
  readonly of: (space: string) => readonly Segment[];
  readonly find: (name: string) => Segment | undefined;
  readonly tensor: (name: string) => DeviceTensor;
  /** Takes what a program has made. A new parameter or slot counts from `commit` on, so that a step can still be refused. */
  readonly put: (name: string, tensor: DeviceTensor) => void;
  readonly commit: () => void;
  /** Lets go of gradients, and of what was not committed. */
  readonly clear: () => void;
  /** Parameters and slots anew, from the host's memory; they are sent when a program first reads them. */
  readonly load: (memory: ReadonlyMap<string, Values>) => void;
  /** To be called before the programs are released that made the tensors. */
  readonly dispose: () => void;
}

/** The store of a trainer; `tensorOf` makes tensors of what is loaded. */
export function createStore(segments: Segments, tensorOf: DeviceRuntime["tensor"]): Store {
  const { state, gradients, again, rows } = segments;
  // In the order of their places: gradients of shared parameters come before those of one task.
  const all = [...state, ...again, ...gradients, ...rows].sort((a, b) => a.at - b.at);
  const byName = new Map(all.map((one) => [one.name, one] as const));
  const bySpace = new Map<string, Segment[]>();
  for (const one of byName.values()) {
    bySpace.set(one.space, [...(bySpace.get(one.space) ?? []), one]);
  }
  const lasting = new Set(state.map(({ name }) => name));
  const current = new Map<string, DeviceTensor>();
  const coming = new Map<string, DeviceTensor>();

  const replace = (name: string, tensor: DeviceTensor): void => {
    current.get(name)?.dispose();
    current.set(name, tensor);
  };
  const drop = (tensors: Map<string, DeviceTensor>, goes: (name: string) => boolean): void => {
    for (const [name, tensor] of tensors) {
      if (!goes(name)) continue;
      tensor.dispose();
      tensors.delete(name);
    }
  };

  return {
    segments,
    of: (space) => bySpace.get(space) ?? [],
    find: (name) => byName.get(name),
    tensor: (name) => {
      const tensor = current.get(name);
      if (tensor) return tensor;
      throw new Error(`unreachable: nothing has made "${name}"`);
    },
    put: (name, tensor) => {
      if (lasting.has(name)) {
        coming.get(name)?.dispose();
        coming.set(name, tensor);
      } else replace(name, tensor);
    },
    commit: () => {
      for (const [name, tensor] of coming) replace(name, tensor);
      coming.clear();
    },
    clear: () => {
      drop(coming, () => true);
      drop(current, (name) => !lasting.has(name));
    },
    load: (memory) => {
      drop(coming, () => true);
      for (const { name, space, at, shape } of state) {
        const values = memory.get(space) as Float32Array;
        replace(name, tensorOf(values.subarray(at, at + sizeOf(shape)), shape));
      }
    },
    dispose: () => {
      drop(coming, () => true);
      drop(current, () => true);
    },
  };
}

import { DATA_TYPE } from "../function/proto.ts";
import type { Context, Handle } from "../library/context.ts";
import type { Binding } from "./binding.ts";
import {
  namesOf,
  other,
  type PlacedFunction,
  type StepGraph,
  stepGraph,
  type Turn,
} from "./graph.ts";
import { openSession, type Session } from "./session.ts";

/** Where a tensor is. */
type Held = OnHost | InVariable;

/** A tensor of the addon. */
interface OnHost {
  readonly id: number;
}

/** The value that a variable has until another is put there. */
interface InVariable {
  readonly name: string;
  readonly turn: Turn;
}

/**
 * TensorFlow as tfjs-node runs it: functions are called by the graph of one session, whose variables hold what stays.
 * Another function is another graph, whose session takes over what stays. Functions of which all crosses have sessions of
 * their own.
 */
export function createContext(binding: Binding): Context {
  const apart = new Map<string, Called>();
  const together = new Map<string, PlacedFunction>();
  const held = new Map<Handle, Held>();
  let current: Pick<Called, "session" | "graph"> | undefined;

  const handle = (what: Held): Handle => {
    const made: Handle = {
      dispose: () => {
        const last = held.get(made);
        if (last && "id" in last) binding.deleteTensor(last.id);
        held.delete(made);
      },
    };
    held.set(made, what);
    return made;
  };
  const find = (of: Handle): Held => {
    const found = held.get(of);
    if (found) return found;
    throw new Error("unreachable: a tensor that is gone, or another context's");
  };
  const idOf = (of: Handle): number => {
    const found = find(of);
    if ("id" in found) return found.id;
    throw new Error(`unreachable: "${found.name}" is in a variable`);
  };

  const open = (functions: readonly PlacedFunction[]) => {
    const graph = stepGraph(functions);
    return { graph, session: openSession(binding, graph) };
  };

  const addTogether = (added: PlacedFunction): void => {
    const next = open([...together.values(), added]);
    if (current) {
      const { session } = current;
      const staying = [...held.values()].flatMap((where) => ("id" in where ? [] : [where]));
      next.session.set(
        staying.map(({ name, turn }) => ({ name, turn, id: session.get(name, turn) })),
      );
      session.close();
    }
    current = next;
    together.set(added.definition.name, added);
  };

  const calledAs = (name: string): Called => {
    const own = apart.get(name);
    const of = together.get(name);
    if (own) return own;
    if (of && current) return { ...current, of };
    throw new Error(`unreachable: no function ${name}`);
  };

  /** Puts what was made on the host into the variables that are read. */
  const settle = ({ session }: Called, placed: readonly Placed[], turn: Turn): void => {
    const fresh = placed.flatMap(({ tensor, name }) => {
      const where = find(tensor);
      return "id" in where ? [{ tensor, name, turn, id: where.id }] : [];
    });
    session.set(fresh);
    for (const { tensor, name } of fresh) held.set(tensor, { name, turn });
  };

  /** The turn of what is in two variables: all of it moves together. */
  const turnOf = ({ graph }: Called, placed: readonly Placed[]): Turn => {
    const turns = new Set(
      placed.flatMap(({ tensor, name }) => {
        const where = find(tensor);
        return "id" in where || !graph.inTurn(name) ? [] : [where.turn];
      }),
    );
    if (turns.size > 1) throw new Error("unreachable: parameters of two steps");
    const [turn = 0] = turns;
    return turn;
  };

  return {
    devices: [{ name: "tfjs-node", type: binding.isUsingGpuDevice() ? "GPU" : "CPU" }],
    add: (definition, places) => {
      const added = { definition, places };
      if ([...places.inputs, ...places.outputs].some((place) => place)) addTogether(added);
      else apart.set(definition.name, { of: added, ...open([added]) });
    },
    remove: (name) => {
      apart.get(name)?.session.close();
      apart.delete(name);
      // The next graph is without it.
      together.delete(name);
    },
    call: (name, inputs) => {
      const called = calledAs(name);
      const { places } = called.of;
      const placed = inputs.flatMap((tensor, i) => {
        const place = places.inputs[i];
        return place ? [{ tensor, name: place.name }] : [];
      });
      const turn = turnOf(called, placed);
      settle(called, placed, turn);
      const { feeds, fetches } = namesOf(called.of, turn);
      const fed = inputs.flatMap((tensor, i) => (places.inputs[i] ? [] : [idOf(tensor)]));
      const found = called.session.run(fed, feeds, fetches);
      binding.deleteTensor(found[found.length - 1]);
      const ids = found.values();
      return places.outputs.map((place) =>
        place
          ? handle({ name: place.name, turn: other(turn) })
          : handle({ id: Number(ids.next().value) }),
      );
    },
    // The addon does not copy, and the memory may change while the tensor is in use.
    tensor: (values, shape, dtype) =>
      handle({ id: binding.createTensor(shape, DATA_TYPE[dtype], values.slice()) }),
    read: (from, into) => {
      const values = binding.tensorDataSync(idOf(from));
      if (values.byteLength !== into.byteLength) {
        throw new Error(`unreachable: ${values.byteLength} bytes for ${into.byteLength}`);
      }
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    },
    close: () => {
      for (const of of [...held.keys()]) of.dispose();
      for (const { session } of [...apart.values(), ...(current ? [current] : [])]) session.close();
      apart.clear();
      together.clear();
      current = undefined;
    },
  };
}

/** A function, and the session whose graph calls it. */
interface Called {
  readonly of: PlacedFunction;
  readonly graph: StepGraph;
  readonly session: Session;
}

/** A tensor that a function reads as one that stays. */
interface Placed {
  readonly tensor: Handle;
  readonly name: string;
}

import { refused } from "../library/errors.ts";
import type { Binding } from "./binding.ts";
import type { StepGraph, Turn } from "./graph.ts";
import { loadThroughFolder } from "./load.ts";

/** A number for a variable: the id of a tensor of the addon. */
interface Setting {
  readonly name: string;
  readonly turn: Turn;
  readonly id: number;
}

/** A session of the addon. Tensors are the addon's ids; those that it gives are the caller's. */
export interface Session {
  readonly run: (
    ids: readonly number[],
    feeds: readonly string[],
    fetches: readonly string[],
  ) => number[];
  readonly get: (name: string, turn: Turn) => number;
  /** Deletes the tensors. */
  readonly set: (settings: readonly Setting[]) => void;
  readonly close: () => void;
}

/** @throws POLYTASK_TENSORFLOW_REFUSED */
export function openSession(binding: Binding, { bytes, variable }: StepGraph): Session {
  const session = asked("a graph", () => loadThroughFolder(binding, bytes));
  const run: Session["run"] = (ids, feeds, fetches) =>
    asked("to run a graph", () =>
      binding.runSavedModel(session, ids, feeds.join(), fetches.join()).map(({ id }) => id),
    );
  return {
    run,
    get: (name, turn) => run([], [], [variable(name, turn).value])[0],
    set: (settings) => {
      if (settings.length === 0) return;
      const given = settings.map(({ id }) => id);
      const names = settings.map(({ name, turn }) => variable(name, turn));
      const done = run(
        given,
        names.map((one) => one.given),
        names.map((one) => one.set),
      );
      for (const id of [...given, ...done]) binding.deleteTensor(id);
    },
    close: () => {
      binding.deleteSavedModel(session);
    },
  };
}

/** What the addon gives; its errors hold TensorFlow's words. */
function asked<Result>(what: string, ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    throw refused(what, error instanceof Error ? error.message : String(error));
  }
}

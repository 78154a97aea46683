import { compareRecordings, type Recording } from "@polytask/graph";

/**
 * Sees that a compiled step still is what its code would make of it: the step is traced again at its second use and then
 * ever more rarely, and what both traces fixed is compared. It costs a few milliseconds, thrice in a thousand steps.
 */
export interface Vigil {
  /** @throws POLYTASK_TRACE_FROZEN */
  readonly used: (again: () => Recording) => void;
}

export function createVigil(first: Recording): Vigil {
  let uses = 0;
  let due = 2;
  return {
    used: (again) => {
      if (++uses < due) return;
      compareRecordings(first, again());
      due *= 8;
    },
  };
}

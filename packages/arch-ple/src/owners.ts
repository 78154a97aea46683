import { perTask } from "@polytask/blocks";
import type { PerTask } from "@polytask/core";

/** Whose losses can depend on the parts of one level. */
export interface LevelOwners<Name extends string = string> {
  readonly sharedExperts: readonly Name[];
  /** Nobody at the last level, which has no shared gate. */
  readonly sharedGate: readonly Name[];
  readonly taskExperts: PerTask<Name, readonly Name[]>;
  readonly taskGates: PerTask<Name, readonly Name[]>;
}

/**
 * Exact ownership of every level of a PLE, lowest level first, found by following who reads what, from the towers down.
 *
 * Let R(m) be the tasks whose loss can depend on a mixture m; above the last level R(m_k) = {k}, read by tower k, and
 * there is no shared mixture. A part belongs to the readers of the mixtures it enters:
 *
 * - gate of task k: R(m_k); shared gate: R(m_s)
 * - experts of task k: R(m_k) ∪ R(m_s), for the shared gate mixes them too
 * - shared experts: all tasks
 *
 * and one level down R(m_k) is who owns task k's gate or experts, R(m_s) who owns the shared experts. Hence with two
 * levels or more: only the last level's task experts, the last two levels' task gates, and towers are own.
 */
export function ownersOfLevels<Name extends string>(
  tasks: readonly Name[],
  { levels, taskExperts }: { readonly levels: number; readonly taskExperts: number },
): readonly LevelOwners<Name>[] {
  const union = (...lists: readonly (readonly Name[])[]): readonly Name[] =>
    tasks.filter((task) => lists.some((list) => list.includes(task)));

  const owners: LevelOwners<Name>[] = [];
  let readsTask: PerTask<Name, readonly Name[]> = perTask(tasks, (task) => [task]);
  let readsShared: readonly Name[] = [];
  for (let level = levels - 1; level >= 0; level--) {
    const taskGates = readsTask;
    const sharedGate = readsShared;
    const ofExperts = perTask(tasks, (task) => union(taskGates[task], sharedGate));
    owners.unshift({ sharedExperts: tasks, sharedGate, taskExperts: ofExperts, taskGates });
    readsTask = taskExperts > 0 ? ofExperts : taskGates;
    readsShared = tasks;
  }
  return owners;
}

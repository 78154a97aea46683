import { type Network, PolytaskError, type StepInfo } from "@polytask/core";

/** @throws POLYTASK_LEAN for a network whose steps need all tasks' gradients themselves. */
export function checkLean<Name extends string>(network: Network<Name>): void {
  const editing = network.surgeries.find(({ mix }) => mix === undefined);
  if (editing) {
    throw notLean(
      "surgeries mix gradients by a matrix (`mix`)",
      `${network.nameOf(editing)} edits the gradients themselves`,
    );
  }
  const { size } = network.reducer;
  if (size > 1) {
    throw notLean(
      "one process sees all examples of a step",
      `the reducer sums over ${size}, and inner products of sums are not sums of inner products`,
    );
  }
}

/** @throws POLYTASK_LEAN for a step on several data sets. */
export function checkLeanStep({ groups }: StepInfo): void {
  if (groups <= 1) return;
  throw notLean(
    "one batch makes a step",
    `the sampler takes a batch of ${groups} data sets, and inner products of sums are not sums of inner products`,
  );
}

const notLean = (required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_LEAN",
    who: 'engine, memory: "lean"',
    required: `the lean mode keeps inner products of gradients alone: ${required}`,
    found,
    remedy: 'Keep the gradients with memory: "stored".',
  });

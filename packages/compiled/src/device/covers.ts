import type { Network } from "@polytask/core";

/**
 * Whether a network's parameters can stay on a device: nothing in its steps but the runtime's graphs touches them, or
 * gradients.
 */
export const coversDevice = <Name extends string>({
  optimizer,
  surgeries,
  regularizers,
  reducer,
}: Network<Name>): boolean =>
  "update" in optimizer &&
  reducer.size === 1 &&
  surgeries.every(({ mix }) => mix !== undefined) &&
  regularizers.every(({ prox }) => prox === undefined);

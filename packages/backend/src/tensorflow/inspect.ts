import type { Fault } from "./faults.ts";
import type { Installation } from "./installation.ts";

export type { Fault, FaultCode } from "./faults.ts";

/**
 * The first thing that would keep the addon from loading or let it kill the process, from its files alone;
 * undefined if none was seen.
 */
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- the contract first
export async function inspect(installation: Installation): Promise<Fault | undefined> {
  return undefined;
}

import { badOption } from "./errors.ts";
import type { Network } from "./network.ts";
import type { Rows } from "./rows.ts";
import type { Trainer } from "./trainer.ts";

const networks = new WeakMap<object, object>();
const layouts = new WeakMap<object, ColumnLayouts>();

/** What the examples of prepared columns look like, by name. */
export type ColumnLayouts = Readonly<Record<string, Pick<Rows, "shape" | "dtype">>>;

/**
 * The wired network behind a trainer, for those who export or compile it. The trainer goes on owning it.
 *
 * @throws POLYTASK_OPTION for anything that createTrainer did not return.
 */
export function networkOf<Name extends string>(trainer: Trainer<Name>): Network<Name> {
  const network = networks.get(trainer) as Network<Name> | undefined;
  if (network) return network;
  throw badOption("networkOf", "trainer", "what createTrainer returned", trainer);
}

/** The columns that an encoder has prepared so far, of all data sets together; none before the first. */
export const columnsOf = (encoder: object): ColumnLayouts => layouts.get(encoder) ?? {};

export function rememberNetwork<Of extends object>(trainer: Of, network: object): Of {
  networks.set(trainer, network);
  return trainer;
}

/** Keeps what prepared columns look like; returns them. */
export function rememberColumns(
  encoder: object,
  columns: Readonly<Record<string, Rows>>,
): Readonly<Record<string, Rows>> {
  const seen = Object.entries(columns).map(([name, { shape, dtype }]) => [name, { shape, dtype }]);
  layouts.set(encoder, { ...columnsOf(encoder), ...(Object.fromEntries(seen) as ColumnLayouts) });
  return columns;
}

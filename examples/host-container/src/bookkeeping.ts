import { CONTRACT, type ObserverPlugin, token, type Token } from "@polytask/core";

/** Where a trainer's books are kept: something that only the application can supply. */
export interface Ledger {
  readonly write: (line: string) => void;
}

/** A third party's own token: the application binds a ledger to it, the plugin below reads it. */
export const ledgerToken: Token<Ledger> = token("ledger");

/**
 * A third party's plugin: writes every epoch's losses into the ledger bound to `ledgerToken`, and its own end.
 *
 * @throws POLYTASK_UNBOUND from createTrainer, where the container holds no ledger.
 */
export function bookkeeping<Name extends string>(title: string): ObserverPlugin<Name> {
  return {
    kind: "observer",
    name: "observer-bookkeeping",
    contract: CONTRACT,
    create: (scope) => {
      const ledger = scope.resolve(ledgerToken);
      scope.logger.info(`${title}: opened`);
      scope.onDispose(() => {
        scope.logger.info(`${title}: closed`);
      });
      return {
        epoch: ({ epoch, losses, milliseconds }) => {
          const found = scope.tasks.map(
            (name) => `${name} ${losses[name]?.toFixed(3) ?? "absent"}`,
          );
          ledger.write(`${title}: epoch ${epoch}, ${found.join(", ")}, ${milliseconds} ticks`);
        },
      };
    },
  };
}

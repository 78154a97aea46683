import "reflect-metadata"; // tsyringe asks for it
import {
  clockToken,
  type Container,
  type Logger,
  loggerToken,
  optimizerToken,
  type RandomSource,
  randomToken,
  seededRandom,
} from "@polytask/core";
import { adam } from "@polytask/optimizers";
import { container as root, instancePerContainerCachingFactory } from "tsyringe";
import { type Ledger, ledgerToken } from "./bookkeeping.ts";

/** An application that existed before it trained networks: its container, and what it kept of what it was told. */
export interface Application {
  readonly container: Container;
  /** Lines of its logger. */
  readonly log: string[];
  /** Names of the random streams asked for. */
  readonly streams: readonly string[];
  /** One list of lines for each ledger made. */
  readonly ledgers: readonly (readonly string[])[];
}

/** Opens the application: everything it binds here serves every trainer made with its container. */
export function openApplication(): Application {
  const container = root.createChildContainer();
  const log: string[] = [];
  const streams: string[] = [];
  const ledgers: string[][] = [];

  let ticks = 0;
  container.register(clockToken, { useValue: () => ticks++ });

  const write = (level: string) => (line: string) => {
    log.push(`${level} ${line}`);
  };
  const logger: Logger = { debug: write("debug"), info: write("info"), warn: write("warn") };
  container.register(loggerToken, { useValue: logger });

  const random: RandomSource = (name) => {
    streams.push(name);
    return seededRandom(2024)(name);
  };
  container.register(randomToken, { useValue: random });

  container.register(optimizerToken, { useValue: adam({ learningRate: 0.05 }) });

  // Trainers open a child container each: a ledger for every trainer, not one for all.
  const openLedger = (): Ledger => {
    const lines: string[] = [];
    ledgers.push(lines);
    return {
      write: (line) => {
        lines.push(line);
      },
    };
  };
  container.register(ledgerToken, { useFactory: instancePerContainerCachingFactory(openLedger) });
  return { container, log, streams, ledgers };
}

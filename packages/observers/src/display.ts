/** As much of a Node stream as is needed. */
export interface TextStream {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
}

/** What there is to show at one moment. */
export interface Snapshot {
  /** "epoch 3/20" */
  readonly label: string;
  /** Of the work, done: 0 … 1. */
  readonly share: number;
  readonly measures: string;
  /** Whether this is the last step of its epoch. */
  readonly closing: boolean;
  /** Time left, "?" where unknown. */
  readonly left: string;
}

/** Shows one run. */
export interface Display {
  readonly step: (now: Snapshot) => void;
  readonly epoch: (now: Snapshot) => void;
  readonly end: () => void;
}

/**
 * Plain lines, for files and pipes.
 *
 * A line for every epoch and for a step, but neither sooner than `interval` after the last; what is left out stays out, except
 * the last epoch, which is written at the end.
 */
export function openLines(
  write: (line: string) => void,
  clock: () => number,
  interval: number,
): Display {
  let lastLine = clock();
  let lastEpoch = -Infinity;
  let held: Snapshot | undefined;
  const line = ({ label, share, measures, left }: Snapshot): void => {
    lastLine = clock();
    write(`${label}  ${Math.floor(100 * share)}%  ETA ${left}  ${measures}`);
  };
  return {
    step: (now) => {
      // The epoch's own line follows at once.
      if (!now.closing && clock() - lastLine >= interval) line(now);
    },
    epoch: (now) => {
      held = now;
      if (clock() - lastEpoch < interval) return;
      held = undefined;
      lastEpoch = clock();
      line(now);
    },
    end: () => {
      if (held) line(held);
      held = undefined;
    },
  };
}

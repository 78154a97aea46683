import {
  badOption,
  CONTRACT,
  type FitPlan,
  type Observer,
  type ObserverPlugin,
  type Scope,
  type StepReport,
} from "@polytask/core";
import { type Display, openLines, type Snapshot, type TextStream } from "./display.ts";

export interface ProgressOptions {
  /** Where to write: a bar if it is a terminal, else lines. Default: standard error if it is a terminal, else lines to the logger. */
  readonly stream?: TextStream;
  /** Not more than one line of an epoch, and one of a step, in this many milliseconds. Default 1000. */
  readonly interval?: number;
}

/**
 * Shows how far `fit` is: the epoch, each task's mean loss in it so far, its validation measures, the time left.
 *
 * On a terminal a bar; elsewhere a line for an epoch, and one in between where an epoch takes long. A stream or logger that
 * throws silences it and leaves the training alone. Nothing is written after the end of a run.
 *
 * @throws POLYTASK_OPTION for a stream that cannot be written to or an interval below 0.
 */
export function progress<Name extends string>(options: ProgressOptions = {}): ObserverPlugin<Name> {
  const { stream, interval = 1000 } = options;
  if (stream !== undefined && typeof (stream as Partial<TextStream> | null)?.write !== "function") {
    throw badOption("progress", "stream", "a stream with a `write` function", stream);
  }
  if (!(interval >= 0)) throw badOption("progress", "interval", "a number of at least 0", interval);
  return {
    kind: "observer",
    name: "progress",
    contract: CONTRACT,
    create: async (scope) => watch(scope, await displayFor(scope, stream, interval)),
  };
}

async function displayFor(
  { logger, clock }: Pick<Scope, "logger" | "clock">,
  stream: TextStream | undefined,
  interval: number,
): Promise<() => Display> {
  const terminal = stream ?? (typeof process === "undefined" ? undefined : process.stderr);
  if (terminal?.isTTY) {
    // Not before it is needed: the bar is for Node alone, the rest of the package is not.
    const { openBar } = await import("./bar.ts");
    return () => openBar(terminal);
  }
  const write = stream
    ? (line: string) => {
        stream.write(`${line}\n`);
      }
    : (line: string) => {
        logger.info(line);
      };
  return () => openLines(write, clock, interval);
}

function watch<Name extends string>(scope: Scope<Name>, open: () => Display): Observer<Name> {
  const { clock, tasks } = scope;
  let display: Display | undefined;
  let plan: FitPlan = { step: 0, epoch: 0, epochs: Infinity, steps: Infinity, stepsInEpoch: 1 };
  let began = 0;
  let latest: StepReport<Name> | undefined;
  let sums = new Map<Name, { loss: number; labels: number }>();

  /** What fails here must not end a training: it silences the display instead. */
  const show = (action: (display: Display) => void): void => {
    try {
      if (display) action(display);
    } catch {
      silence();
    }
  };
  const silence = (): void => {
    const broken = display;
    display = undefined;
    try {
      broken?.end();
    } catch {
      // It said so already.
    }
  };

  const snapshot = (report: StepReport<Name>, measures: string): Snapshot => {
    const { epoch, stepsInEpoch, stepInEpoch } = report;
    const done = report.step - plan.step + 1;
    // Whichever end comes first.
    const left = Math.min(
      stepsInEpoch - stepInEpoch - 1 + (plan.epochs - epoch - 1) * stepsInEpoch,
      plan.steps - report.step - 1,
    );
    const endless = left === Infinity;
    return {
      label: `epoch ${epoch + 1}${plan.epochs === Infinity ? "" : `/${plan.epochs}`}`,
      share: endless ? (stepInEpoch + 1) / stepsInEpoch : done / (done + left),
      measures,
      closing: stepInEpoch === stepsInEpoch - 1,
      left: endless ? "?" : duration(((clock() - began) / done) * left),
    };
  };

  const lossesSoFar = (): string =>
    tasks
      .flatMap((name) => {
        const sum = sums.get(name);
        return sum ? `${name} ${short(sum.loss / sum.labels)}` : [];
      })
      .join("  ");

  return {
    start: (next) => {
      plan = next;
      began = clock();
      latest = undefined;
      sums = new Map();
      try {
        display = open();
      } catch {
        display = undefined;
      }
    },
    step: (report) => {
      latest = report;
      for (const name of report.present) {
        const { loss, labels } = sums.get(name) ?? { loss: 0, labels: 0 };
        const count = report.counts[name] ?? 0;
        sums.set(name, { loss: loss + (report.losses[name] ?? 0) * count, labels: labels + count });
      }
      show(({ step }) => {
        step(snapshot(report, lossesSoFar()));
      });
    },
    epoch: ({ losses, validation }) => {
      const last = latest;
      sums = new Map();
      show(({ epoch }) => {
        const measures = tasks.flatMap((name) => {
          const parts = [
            ...(losses[name] === undefined ? [] : [short(losses[name])]),
            ...(validation?.losses[name] === undefined
              ? []
              : [`val ${short(validation.losses[name])}`]),
            ...Object.entries(validation?.metrics[name] ?? {}).map(
              ([metric, value]) => `${metric} ${short(value)}`,
            ),
          ];
          return parts.length > 0 ? `${name} ${parts.join(" ")}` : [];
        });
        if (last) epoch(snapshot(last, measures.join("  ")));
      });
    },
    end: () => {
      show(({ end }) => {
        end();
      });
      display = undefined;
    },
  };
}

const short = (value: number): string => value.toPrecision(4);

/** Milliseconds as people say them: "42s", "3m05s", "2h07m". */
function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`;
}

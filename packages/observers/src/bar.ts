import { SingleBar } from "cli-progress";
import type { Display, Snapshot, TextStream } from "./display.ts";

/** A bar on the last line of a terminal. */
export function openBar(terminal: TextStream): Display {
  let open = true;
  // The bar redraws by a timer: what the terminal throws then would end the process, so it never gets so far.
  const stream = {
    isTTY: true,
    get columns() {
      return terminal.columns;
    },
    write: (text: string): boolean => {
      try {
        if (open) terminal.write(text);
      } catch {
        open = false;
      }
      return true;
    },
  };
  const bar = new SingleBar({
    stream: stream as unknown as NodeJS.WritableStream,
    format: "{label} [{bar}] {percentage}%  ETA {left}  {measures}",
    barsize: 20,
    // Cuts the text to the terminal's width, and leaves the terminal's own setting alone.
    linewrap: true,
  });
  const payload = ({ label, measures, left }: Snapshot) => ({ label, measures, left });
  let started = false;
  const draw = (now: Snapshot): void => {
    if (started) bar.update(now.share, payload(now));
    else bar.start(1, now.share, payload(now));
    started = true;
  };
  return {
    step: draw,
    epoch: draw,
    end: () => {
      bar.stop();
      open = false;
    },
  };
}

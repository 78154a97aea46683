import type { Task } from "@polytask/core";
import { deltaM, deltaP } from "@polytask/metrics";
import type { FilmTask, Scores } from "./compare.ts";

/** What came out of one method: the scores of every seed, and how long it took. */
export interface Outcome {
  readonly name: string;
  readonly scores: readonly Scores[];
  readonly seconds: number;
}

/** One line per method: each task's first metric as mean ± deviation over the seeds, Δm and Δp against the first method. */
export function table(
  outcomes: readonly Outcome[],
  tasks: Readonly<Record<FilmTask, Task>>,
): string {
  const names = Object.keys(tasks) as FilmTask[];
  const [baseline] = outcomes;
  const header = [
    "",
    ...names.map((name) => {
      const { name: metric, better } = tasks[name].metrics[0];
      return `${name} ${metric} ${better === "higher" ? "↑" : "↓"}`;
    }),
    "Δm % ↓",
    "Δp % ↑",
    "seconds",
  ];
  const lines = outcomes.map(({ name, scores, seconds }) => {
    const against = (delta: typeof deltaM): string =>
      spread(scores.map((found, i) => delta(found, baseline.scores[i], tasks)));
    return [
      name,
      ...names.map((task) =>
        spread(scores.map((found) => found[task]?.[tasks[task].metrics[0].name] ?? NaN)),
      ),
      against(deltaM),
      against(deltaP),
      seconds.toFixed(1),
    ];
  });
  return align([header, ...lines]);
}

/** Mean ± sample standard deviation. */
function spread(values: readonly number[]): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / Math.max(1, values.length - 1));
  const digits = Math.abs(mean) >= 10 ? 2 : 3;
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join("  "),
    )
    .join("\n");
}

/**
 * Films: one network for four tasks, against one network for each.
 *
 * Predicts the IMDB rating, the Rotten Tomatoes rating, the genre and the worldwide gross of 3,201 films from what is
 * known before a film is shown. Three ways, the same films, budget and seeds, one table.
 */
import { parseArgs } from "node:util";
import { chooseEngine, engineOptions } from "@polytask/example-engine";
import { type FilmTask, methods, tasksFor, train } from "./compare.ts";
import { loadFilms } from "./data.ts";
import { type Outcome, table } from "./table.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "3" },
    epochs: { type: "string", default: "30" },
    steps: { type: "string" },
    ...engineOptions,
  },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
const budget = {
  epochs: Number(values.epochs),
  ...(values.steps !== undefined && { steps: Number(values.steps) }),
  batchSize: 256,
  learningRate: 6e-3,
};

// One thread: networks as small as these gain nothing by a second, which spins where another program wants the processor.
const { engine, words } = await chooseEngine<FilmTask>(values, { threads: 1 });
console.log(words);
const films = await loadFilms();
console.log(
  `${films.labels.imdb.length} films, ${seeds.length} seeds, ${budget.epochs} epochs each`,
);

const outcomes: Outcome[] = [];
for (const method of methods) {
  const start = performance.now();
  const scores = [];
  for (const seed of seeds) scores.push(await train(method, films, seed, { ...budget, engine }));
  const seconds = (performance.now() - start) / 1000;
  console.log(`${method.name}: ${seconds.toFixed(1)} s`);
  outcomes.push({ name: method.name, scores, seconds });
}
console.log(`
Metrics on held-out films, mean ± standard deviation over the seeds.
Δm: mean relative loss over all metrics (Nash-MTL); Δp: mean over tasks of the mean relative gain over each task's
metrics (Maninis 2019). Both in percent against the single-task networks, over the first two metrics of each task.
`);
console.log(table(outcomes, tasksFor(films)));

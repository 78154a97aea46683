import { mmoe } from "@polytask/arch-mmoe";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  createTrainer,
  eager,
  type EnginePlugin,
  multiclass,
  type Parts,
  type PartialDataset,
  regression,
  type SomeTasks,
  type Task,
} from "@polytask/core";
import { features } from "@polytask/features";
import { accuracy, logLoss, mae, rmse } from "@polytask/metrics";
import { adam, cosine } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { uncertainty } from "@polytask/weighting-uncertainty";
import { type Films, split, spread, take } from "./data.ts";

export type FilmTask = "imdb" | "tomatoes" | "genre" | "gross";
export type Scores = SomeTasks<FilmTask, Readonly<Record<string, number>>>;

/** What all networks are given alike. */
export interface Budget {
  readonly epochs: number;
  /** At most so many, however many epochs. */
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Default: op by op on the tfjs backend in use. */
  readonly engine?: EnginePlugin<FilmTask>;
}

/** One way to train the four tasks: a name and the parts beside encoder and optimizer. */
export interface Method {
  readonly name: string;
  /** One trainer for all tasks, or one for each. */
  readonly together: boolean;
  readonly parts: () => Omit<Parts<FilmTask>, "encoder">;
}

/** Every method and every seed is trained and measured on the same films. */
const SPLIT = 1;

const network = { hidden: [64], dropout: 0.3 };

export const methods: readonly Method[] = [
  {
    name: "single-task networks",
    together: false,
    parts: () => ({ architecture: sharedBottom({ ...network, towers: [32] }) }),
  },
  {
    name: "shared bottom, equal weights",
    together: true,
    parts: () => ({ architecture: sharedBottom({ ...network, towers: [32] }) }),
  },
  {
    name: "MMoE + uncertainty + PCGrad",
    together: true,
    parts: () => ({
      architecture: mmoe({ ...network, experts: 4, towers: [32] }),
      weighting: uncertainty(),
      surgery: pcgrad(),
    }),
  },
];

/** The four tasks; regressions are standardised with the training films alone. */
export const tasksFor = (train: Films): Readonly<Record<FilmTask, Task>> => {
  const number = (task: "imdb" | "tomatoes" | "gross"): Task =>
    regression({ ...spread(train.labels[task]), metrics: [rmse(), mae()] });
  return {
    imdb: number("imdb"),
    tomatoes: number("tomatoes"),
    genre: multiclass(train.genres.length, { metrics: [accuracy(), logLoss()] }),
    gross: number("gross"),
  };
};

/** Trains one method on one split and measures it on the films held out. */
export async function train(
  method: Method,
  films: Films,
  seed: number,
  budget: Budget,
): Promise<Scores> {
  const rows = split(films.labels.imdb.length, SPLIT);
  const [known, held] = [take(films, rows.train), take(films, rows.test)];
  const tasks = tasksFor(known);
  const names = Object.keys(tasks) as FilmTask[];
  const groups = method.together ? [names] : names.map((name) => [name]);
  const found: { -readonly [N in FilmTask]?: Readonly<Record<string, number>> } = {};
  for (const group of groups) {
    Object.assign(found, await trainGroup(method, group, known, held, seed, budget));
  }
  return found;
}

async function trainGroup(
  method: Method,
  group: readonly FilmTask[],
  known: Films,
  held: Films,
  seed: number,
  { learningRate, engine = eager(), ...limits }: Budget,
): Promise<Scores> {
  const all = tasksFor(known);
  const some = <Value>(values: Readonly<Record<FilmTask, Value>>): Record<FilmTask, Value> =>
    Object.fromEntries(group.map((name) => [name, values[name]])) as Record<FilmTask, Value>;
  const data = ({ inputs, labels }: Films): PartialDataset<FilmTask> => ({
    inputs: { ...inputs },
    labels: some(labels),
  });
  const steps = limits.epochs * Math.ceil(known.labels.imdb.length / limits.batchSize);
  await using trainer = await createTrainer<FilmTask>(
    some(all),
    {
      ...method.parts(),
      encoder: await encoder.fit(data(known)),
      optimizer: adam({
        learningRate: cosine({ peak: learningRate, warmup: Math.ceil(steps / 20), total: steps }),
      }),
      engine,
    },
    { seed },
  );
  await trainer.fit([data(known)], limits);
  return (await trainer.evaluate(data(held))).metrics;
}

/** Fitted to the films that a network is trained on. */
export const encoder = features({
  numeric: ["budget", "runningTime", "year"],
  categorical: {
    month: { dimension: 4 },
    mpaa: { dimension: 4 },
    distributor: { dimension: 4 },
    source: { dimension: 4 },
    creativeType: { dimension: 4 },
  },
});

/** What a step is measured on: a model, how many tasks, rows of a batch, units of its two shared layers. */
export interface Case {
  readonly model: Model;
  readonly tasks: number;
  readonly batch: number;
  readonly hidden: readonly [number, number];
}

/** The peers know the first three, by these names. */
export type Model =
  "mmoe-sum" | "mmoe-pcgrad" | "shared-pcgrad" | "ple-sum" | "embedding-exact" | "embedding-lazy";

/** Numbers in an example, and experts of a mixture: the same in every case. */
export const WIDTH = 128;
export const EXPERTS = 8;
/** Units of a tower's one hidden layer. */
export const TOWER = 16;

const base: Readonly<Record<Model, Omit<Case, "model" | "batch">>> = {
  "mmoe-sum": { tasks: 2, hidden: [64, 32] },
  "mmoe-pcgrad": { tasks: 2, hidden: [64, 32] },
  "shared-pcgrad": { tasks: 16, hidden: [256, 128] },
  "ple-sum": { tasks: 8, hidden: [64, 32] },
  "embedding-exact": { tasks: 2, hidden: [64, 32] },
  "embedding-lazy": { tasks: 2, hidden: [64, 32] },
};

export const makeCase = (model: Model, batch: number): Case => ({ model, batch, ...base[model] });

/** The cases of `step`. */
export const stepCases: readonly Case[] = [
  ...(["mmoe-sum", "mmoe-pcgrad", "shared-pcgrad", "ple-sum"] as const).flatMap((model) =>
    [256, 2048].map((batch) => makeCase(model, batch)),
  ),
  makeCase("embedding-exact", 4096),
  makeCase("embedding-lazy", 4096),
];

export const hasPeers = ({ model }: Case): boolean => /^(mmoe|shared)-/.test(model);

/** "mmoe-sum@256", "shared-pcgrad@256 T=64": what differs from the model's own sizes is said. */
export function nameOf({ model, batch, tasks, hidden }: Case): string {
  const usual = base[model];
  const others = [
    ...(tasks === usual.tasks ? [] : [`T=${tasks}`]),
    ...(hidden.join() === usual.hidden.join() ? [] : [`hidden=${hidden.join("-")}`]),
  ];
  return [`${model}@${batch}`, ...others].join(" ");
}

/** Parameters that all tasks of a shared bottom have in common. */
export const sharedParameters = ({ hidden: [first, second] }: Case): number =>
  (WIDTH + 1) * first + (first + 1) * second;

import { mmoe } from "@polytask/arch-mmoe";
import { ple } from "@polytask/arch-ple";
import { sharedBottom } from "@polytask/arch-shared-bottom";
import {
  binary,
  type Dataset,
  type EncoderPlugin,
  input,
  type Parts,
  seededRandom,
  type SurgeryPlugin,
  type Task,
} from "@polytask/core";
import { fittedFeatures } from "@polytask/features";
import { adam } from "@polytask/optimizers";
import { pcgrad } from "@polytask/surgery-pcgrad";
import { type Case, EXPERTS, TOWER, WIDTH } from "./cases.ts";
import { taskNames } from "./layout.ts";
import { makeState, type StartState } from "./state.ts";

/** What a user writes for a case, and one batch of data. */
export interface Composition {
  readonly tasks: Readonly<Record<string, Task>>;
  readonly parts: Pick<Parts, "architecture" | "optimizer"> & {
    readonly encoder: EncoderPlugin;
    readonly surgery?: SurgeryPlugin;
  };
  readonly data: Dataset;
}

/** The case as an ordinary composition of published packages; of `start` only the data are used. */
export function compose(c: Case, start: StartState = makeState(c)): Composition {
  const { model, batch } = c;
  const names = taskNames(c);
  const tasks = Object.fromEntries(names.map((name) => [name, binary()]));
  const labels = Object.fromEntries(
    names.map((name, k) => [name, start["y"].values.slice(k * batch, (k + 1) * batch)]),
  );
  const rows = model === "embedding-lazy" ? "lazy" : "exact";
  const optimizer = adam({ learningRate: 1e-3, rows });
  const parts = { architecture: architectureOf(c), optimizer };
  if (model.startsWith("embedding")) {
    return { tasks, parts: { ...parts, encoder: words() }, data: { inputs: draw(batch), labels } };
  }
  return {
    tasks,
    parts: {
      ...parts,
      encoder: input([WIDTH]),
      ...(model.endsWith("-pcgrad") && { surgery: pcgrad() }),
    },
    data: { inputs: start["x"].values, labels },
  };
}

function architectureOf({ model, hidden }: Case): Parts["architecture"] {
  const options = { hidden, towers: [TOWER] };
  if (model.startsWith("ple")) {
    return ple({ ...options, levels: 3, sharedExperts: 2, taskExperts: 1 });
  }
  if (model.startsWith("shared")) return sharedBottom(options);
  return mmoe({ ...options, experts: EXPERTS, gateBias: true });
}

/** Twenty columns of 49 999 words and the unknown one: a million rows of eight numbers. */
const COLUMNS = Array.from({ length: 20 }, (_, i) => `column${i}`);
const WORDS = 49_999;

const words = (): EncoderPlugin =>
  fittedFeatures({
    numeric: [],
    categorical: COLUMNS.map((name) => ({
      name,
      words: Array.from({ length: WORDS }, (_, word) => String(word)),
      dimension: 8,
    })),
  });

/** Words drawn evenly, which makes a batch touch as many rows as it can. */
function draw(batch: number): Record<string, string[]> {
  const source = seededRandom(2);
  return Object.fromEntries(
    COLUMNS.map((name) => {
      const random = source(name);
      return [name, Array.from({ length: batch }, () => String(random.integer(WORDS)))];
    }),
  );
}

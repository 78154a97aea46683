import {
  badOption,
  type Clip,
  CONTRACT,
  type OpaqueOptimizer,
  type OptimizerPlugin,
  PolytaskError,
  type Scope,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Variable } from "@tensorflow/tfjs";
import { readClip } from "./options.ts";

export interface FromTfOptimizerOptions {
  /** Limits on the whole combined gradient; by norm first, then by value. Default: none. */
  readonly clip?: Clip;
}

type Saved = readonly { readonly name: string; readonly tensor: Tensor }[];

/** Optimizers that already serve a trainer: their slots go by position, so a second trainer would write into them. */
const taken = new WeakSet<tf.Optimizer>();

/**
 * Runs an optimizer of tf.train: `fromTfOptimizer(() => tf.train.adam(1e-3))`.
 *
 * The function is called once per trainer, and once more at every restore. A parameter whose tasks are absent keeps its value and
 * its slots; the optimizer's own step count is one for all parameters and goes on, so Adam's bias correction then differs
 * from `adam()`'s. Saved are the optimizer's weights and its scalar variables: restoring is exact, which tf's own
 * `setWeights` is not (it recomputes Adam's products of betas as powers).
 *
 * @throws POLYTASK_OPTION for anything but a function; while wiring also when it makes no tf.train optimizer, one that cannot be
 * saved (Adamax) or has no learning rate in its config, or one that it has given before. POLYTASK_STATE when another
 * optimizer's state is restored.
 */
export function fromTfOptimizer(
  make: () => tf.Optimizer,
  options: FromTfOptimizerOptions = {},
): OptimizerPlugin {
  if (typeof make !== "function") {
    throw badOption(
      WHO,
      "make",
      "a function that makes an optimizer: () => tf.train.adam(1e-3)",
      make,
    );
  }
  const clipping = readClip(WHO, options.clip);
  return {
    kind: "optimizer",
    name: "from-tf-optimizer",
    contract: CONTRACT,
    create: async (scope) => ({ ...clipping, ...(await wrap(make, scope)) }),
  };
}

const WHO = "fromTfOptimizer";
const ITERATIONS = "iterations";
/** What every tf optimizer passes over, though its types have no word for it. */
const NONE = null as unknown as Tensor;

async function wrap(make: () => tf.Optimizer, scope: Scope): Promise<OpaqueOptimizer> {
  let optimizer = await checked(make());
  scope.onDispose(() => {
    discard(optimizer);
  });
  // The count is no tensor in tf; this one holds it while it is being saved.
  const iterations = scope.variable(() => tf.scalar(0), false);

  return {
    rate: () => rateOf(optimizer),
    apply: (gradients) => {
      // All of them, in the trainer's order: tf finds slots by position.
      optimizer.applyGradients(
        gradients.map(({ variable, gradient }) => ({
          name: variable.name,
          tensor: gradient ?? NONE,
        })),
      );
    },
    tensors: async () => {
      const [, ...slots] = await weightsOf(optimizer);
      tf.tidy(() => {
        iterations.assign(tf.scalar(optimizer.iterations));
      });
      return [
        { name: ITERATIONS, tensor: iterations },
        // Not under the variables' own names: those are numbered anew in every process.
        ...slots.map(({ tensor }, i) => ({ name: `slot/${i}`, tensor })),
        ...scalarsOf(optimizer),
      ];
    },
    restoreTensors: async (saved) => {
      const next = await checked(make());
      try {
        await load(next, saved);
      } catch (error) {
        discard(next);
        throw error;
      }
      discard(optimizer);
      optimizer = next;
    },
    state: () => optimizer.getClassName(),
    restore: (state) => {
      const name = optimizer.getClassName();
      if (state !== name) throw foreignState(`the optimizer ${name}`, JSON.stringify(state));
    },
  };
}

async function load(optimizer: tf.Optimizer, saved: Saved): Promise<void> {
  const values = new Map(saved.map(({ name, tensor }) => [name, tensor]));
  const find = (name: string): Tensor => {
    const tensor = values.get(name);
    if (tensor === undefined) throw foreignState(name, [...values.keys()].join(", ") || "nothing");
    return tensor;
  };
  const weights = [{ name: ITERATIONS, tensor: find(ITERATIONS) }];
  for (let i = 0; values.has(`slot/${i}`); i++) {
    weights.push({ name: `slot/${i}`, tensor: find(`slot/${i}`) });
  }
  await optimizer.setWeights(weights);
  for (const { name, tensor } of scalarsOf(optimizer)) tensor.assign(find(name));
}

/** An optimizer's weights. The first, its count, is a tensor made for the call and disposed here; the rest are its slots. */
async function weightsOf(optimizer: tf.Optimizer): Promise<Saved> {
  const weights = await optimizer.getWeights();
  weights[0].tensor.dispose();
  return weights;
}

/** Variables that are fields of the optimizer itself (Adam's running products of betas) and not among its weights. */
const scalarsOf = (
  optimizer: tf.Optimizer,
): { readonly name: string; readonly tensor: Variable }[] =>
  fieldsOf(optimizer).flatMap(([field, value]) =>
    isVariable(value) ? [{ name: `field/${field}`, tensor: value }] : [],
  );

const fieldsOf = (optimizer: tf.Optimizer): [string, unknown][] => Object.entries(optimizer);

const isVariable = (value: unknown): value is Variable => value instanceof tf.Variable;

/** Disposes an optimizer and what its own `dispose` forgets (momentum's rate). */
function discard(optimizer: tf.Optimizer): void {
  optimizer.dispose();
  for (const [, value] of fieldsOf(optimizer)) {
    if (value instanceof tf.Tensor && !value.isDisposed) value.dispose();
  }
}

const rateOf = (optimizer: tf.Optimizer): number => Number(optimizer.getConfig()["learningRate"]);

async function checked(made: unknown): Promise<tf.Optimizer> {
  if (typeof made !== "object" || made === null || !(made instanceof tf.Optimizer)) {
    throw badOption(WHO, "make", "a function that makes a tf.train optimizer", made);
  }
  if (taken.has(made)) {
    throw badOption(
      WHO,
      "make",
      "a function that makes a new optimizer at every call",
      "the same one again",
    );
  }
  taken.add(made);
  const problem = Number.isFinite(rateOf(made))
    ? await weightsOf(made).then(
        () => undefined,
        () => "an optimizer that can be saved (getWeights)",
      )
    : "an optimizer whose config has a learningRate";
  if (problem === undefined) return made;
  discard(made);
  throw badOption(WHO, "make", problem, made.getClassName());
}

const foreignState = (required: string, found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_STATE",
    who: WHO,
    required: `the saved state must hold ${required}`,
    found: `it holds ${found}`,
    remedy: "Restore into a trainer made with the same optimizer.",
  });

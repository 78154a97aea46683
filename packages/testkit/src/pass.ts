import * as tf from "@tensorflow/tfjs";
import type { Tensor, Variable } from "@tensorflow/tfjs";
import { type Pass, type Random, seededRandom, type StepPlace } from "@polytask/core";

export interface TestStepOptions {
  /** Where the noise is drawn from. Default: a stream of seed 0. */
  readonly noise?: Random;
  /** Default true. */
  readonly training?: boolean;
  /** Where training stands. Default: step 0 of epoch 0. */
  readonly at?: StepPlace;
  /** Told of every call that traced code makes on the pass; may throw. */
  readonly onCall?: (call: string) => void;
}

/** The inputs of one step: noise and host values, drawn and read once, the same in every evaluation. */
export interface TestStep<Name extends string = string> {
  /** Begins an evaluation: noise is handed out from the first again. */
  readonly pass: (tasks: readonly Name[]) => Pass<Name>;
  /** What `host` has read, by key. */
  readonly host: ReadonlyMap<string, readonly number[]>;
  /** What the last evaluation exposed and assigned; tensors of the tidy that it ran in. */
  readonly activations: ReadonlyMap<string, Tensor>;
  readonly assigned: ReadonlyMap<Variable, Tensor>;
  /** Sets the variables that the last evaluation assigned; inside its tidy. */
  readonly commit: () => void;
}

/** Makes a step without an engine, for unit tests of traced code. Run evaluations inside `tf.tidy`. */
export function testStep<Name extends string>(options: TestStepOptions = {}): TestStep<Name> {
  const {
    noise = seededRandom(0)("noise"),
    training = true,
    onCall: called = () => undefined,
  } = options;
  const { at = { step: 0, epoch: 0 } } = options;
  const drawn: { readonly shape: string; readonly values: Float32Array }[] = [];
  const host = new Map<string, readonly number[]>();
  const activations = new Map<string, Tensor>();
  const assigned = new Map<Variable, Tensor>();

  const pass = (tasks: readonly Name[]): Pass<Name> => {
    let next = 0;
    activations.clear();
    assigned.clear();
    return {
      tasks,
      training,
      noise: (shape, law = "uniform") => {
        called("noise");
        const size = shape.reduce((a, b) => a * b, 1);
        const key = `${law} ${shape.join()}`;
        // A re-evaluation for other tasks may ask for other noise: only an equal request repeats an earlier draw.
        if (drawn[next]?.shape !== key) {
          const values = Float32Array.from({ length: size }, () =>
            law === "normal" ? noise.normal() : noise.uniform(),
          );
          drawn.splice(next, drawn.length, { shape: key, values });
        }
        return tf.tensor(drawn[next++].values.slice(), [...shape]);
      },
      host: (key, shape, read) => {
        called("host");
        const values = host.get(key) ?? Array.from(read(at));
        host.set(key, values);
        return tf.tensor(values, [...shape], "float32");
      },
      detach: (value) => {
        called("detach");
        return detach(value);
      },
      expose: (name, value) => {
        called("expose");
        activations.set(name, value);
        return value;
      },
      assign: (variable, value) => {
        called("assign");
        assigned.set(variable, value);
      },
    };
  };
  const commit = (): void => {
    for (const [variable, value] of assigned) variable.assign(value);
  };
  return { pass, host, activations, assigned, commit };
}

/** tfjs has no stop-gradient: an identity whose gradient is zero is one. */
function detach<T extends Tensor>(value: T): T {
  const blocked = tf.customGrad((x) => ({
    value: tf.clone(x as Tensor),
    gradFunc: (dy: Tensor) => tf.zerosLike(dy),
  }));
  return blocked(value) as T;
}

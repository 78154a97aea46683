import {
  type ArchitecturePlugin,
  CONTRACT,
  createTrainer,
  eager,
  type EnginePlugin,
  input,
  type Parameter,
  type Task,
} from "@polytask/core";
import * as tf from "@tensorflow/tfjs";
import { keepsGradients } from "../engine-trial.ts";
import { type GradientCase, caseTensors, objective } from "./case.ts";

/** A way to compute gradients: ∂(Σ w·f)/∂x for every input of a case, in the inputs' order. */
export type GradientMeans = (of: GradientCase) => Promise<readonly Float32Array[]>;

/**
 * tfjs's own `grads`, on the backend in use.
 *
 * Stock tfjs as long as nothing in the process has repaired it: neither `useBackend`, nor a trainer, which repairs
 * gradients when it is first used.
 */
export const tfjsGradients = (): GradientMeans => async (of) => {
  const at = caseTensors(of);
  try {
    const gradients = tf.tidy(() => tf.grads(objective(of))(at));
    const values = await Promise.all(gradients.map((gradient) => gradient.data<"float32">()));
    tf.dispose(gradients);
    return values;
  } finally {
    tf.dispose(at);
  }
};

/**
 * A trainer's: one step of a network whose parameters are the case's inputs and whose only task's loss is Σ w·f, with an
 * optimizer that keeps the gradients it is given.
 *
 * `engine` makes the engine, the eager one by default.
 */
export const engineGradients =
  (engine: () => EnginePlugin<"objective"> = eager): GradientMeans =>
  async (of) => {
    await using trainer = await createTrainer<"objective">(
      { objective: scoreItself },
      {
        architecture: asArchitecture(of),
        encoder: input([1]),
        optimizer: keepsGradients,
        engine: engine(),
      },
    );
    const data = { inputs: [[1]], labels: { objective: [0] } };
    await trainer.fit(data, { steps: 1, batchSize: 1 });
    const { tensors } = (await trainer.state()).engine;
    return of.inputs.map((_, k) => tensors[`architecture/${parameterName(k)}/gradient`].values);
  };

const scoreItself: Task = {
  kind: "score",
  units: 1,
  labelShape: [],
  loss: (scores) => tf.squeeze(scores, [-1]),
  link: (scores) => scores,
  noise: "gaussian",
  metrics: [],
};

const parameterName = (k: number): string => `input/${k}`;

const asArchitecture = (of: GradientCase): ArchitecturePlugin<"objective"> => ({
  kind: "architecture",
  name: "arch-case",
  contract: CONTRACT,
  create: (scope) => {
    const variables = of.inputs.map(({ shape, values }) =>
      scope.variable(() => tf.tensor(values, [...shape])),
    );
    const parameters = variables.map((variable, k): Parameter<"objective"> => ({
      name: parameterName(k),
      variable,
      tasks: scope.tasks,
    }));
    return {
      parameters,
      lastShared: [],
      forward: () => ({ objective: tf.reshape(objective(of)(...variables), [1, 1]) }),
    };
  },
});

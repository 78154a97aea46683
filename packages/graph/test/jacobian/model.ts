import {
  Graph,
  type Node,
  type Shape,
  sizeOf,
  trace,
  type Vectorised,
  vectorise,
} from "@polytask/graph";
import { gradientsOf, onTape } from "@polytask/core/engine";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";

/** Plain tfjs code: parameters and data in, one loss per task out. */
export interface Model {
  readonly tasks: number;
  readonly parameters: Readonly<Record<string, Shape>>;
  /** Roles of the parameters that belong to one task each. */
  readonly own?: readonly string[];
  readonly data: Readonly<Record<string, Shape>>;
  /** Whole numbers below a bound, many of them repeated. */
  readonly ids?: Readonly<Record<string, { readonly shape: Shape; readonly below: number }>>;
  readonly losses: (
    parameters: Parameters,
    data: Readonly<Record<string, Tensor>>,
  ) => readonly Tensor[] | Tensor;
}

/** A parameter by its name; of several that a task or an expert has each, the i-th. */
export type Parameters = (name: string, i?: number) => Tensor;

/** A model's backward pass as a graph, and all that is needed to evaluate it. */
export interface Traced {
  readonly graph: Graph;
  readonly weights: Node;
  /** Of Σ w_k·L_k, in the order of the parameters. */
  readonly gradients: readonly Node[];
  readonly names: readonly string[];
  readonly memory: (space: string) => Float32Array;
}

/** Parameters in one memory, one after another; data in one each. */
export function traceModel(model: Model): Traced {
  const values = valuesOf(model);
  const graph = new Graph();
  const weights = graph.view("units", 0, [model.tasks]);
  const names = Object.keys(model.parameters);
  const gradients = trace((tracer) => {
    let at = 0;
    const parameters = Object.values(model.parameters).map((shape) => {
      const view = graph.view("parameters", at, shape);
      at += sizeOf(shape);
      return tracer.tensor(view);
    });
    const data = Object.fromEntries(
      Object.entries(shapesOf(model)).map(([name, shape]) => [
        name,
        tracer.tensor(graph.view(name, 0, shape)),
      ]),
    );
    return onTape(() => {
      const losses = lossesOf(model, names, parameters, data);
      const objective = tf.sum(tf.mul(tracer.tensor(weights), losses));
      return gradientsOf(objective, parameters).map((gradient, i) =>
        gradient ? tracer.nodeOf(gradient) : graph.constant(0, parameters[i].shape),
      );
    });
  }, graph);
  const parameters = Float32Array.from(names.flatMap((name) => [...values[name]]));
  return {
    graph,
    weights,
    gradients,
    names,
    memory: (space) => {
      if (space === "units") throw new Error("w is reached");
      return space === "parameters" ? parameters : values[space];
    },
  };
}

/** Whether a parameter belongs to one task, alone or stacked with its like. */
export const isOwn = ({ own = [] }: Model, name: string): boolean =>
  own.includes(name.replace(/\d+$/, ""));

export const vectorised = ({ graph, weights, gradients }: Traced, { tasks }: Model): Vectorised =>
  vectorise(graph, { weights, gradients, size: tasks });

/** J by one backward pass per task on the active backend: [task][parameter]. */
export async function naiveJacobian(model: Model): Promise<readonly (readonly Float32Array[])[]> {
  const values = valuesOf(model);
  const names = Object.keys(model.parameters);
  const rows: Float32Array[][] = [];
  for (let task = 0; task < model.tasks; task++) {
    const gradients = tf.tidy(() => {
      const parameters = Object.entries(model.parameters).map(([name, shape]) =>
        tf.tensor(values[name], [...shape]),
      );
      const data = Object.fromEntries(
        Object.entries(shapesOf(model)).map(([name, shape]) => [
          name,
          tf.tensor(values[name], [...shape]),
        ]),
      );
      return onTape((collect) => {
        const losses = lossesOf(model, names, parameters, data);
        const found = gradientsOf(tf.slice(losses, [task], [1]), parameters);
        return found.map((gradient, i) => collect(gradient ?? tf.zerosLike(parameters[i])));
      });
    });
    rows.push(await Promise.all(gradients.map((gradient) => gradient.data<"float32">())));
    tf.dispose(gradients);
  }
  return rows;
}

const lossesOf = (
  model: Model,
  names: readonly string[],
  given: readonly Tensor[],
  data: Readonly<Record<string, Tensor>>,
): Tensor => {
  const losses = model.losses((name, i) => given[names.indexOf(`${name}${i ?? ""}`)], data);
  return losses instanceof tf.Tensor ? losses : tf.stack([...losses]);
};

const shapesOf = ({ data, ids = {} }: Model): Readonly<Record<string, Shape>> => ({
  ...data,
  ...Object.fromEntries(Object.entries(ids).map(([name, { shape }]) => [name, shape])),
});

/** Numbers from a fixed sequence, the same for a model every time. */
function valuesOf(model: Model): Readonly<Record<string, Float32Array>> {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const drawn = Object.entries({ ...model.parameters, ...model.data }).map(([name, shape]) => {
    const size = sizeOf(shape);
    const scale = name in model.parameters ? 2 / Math.sqrt(shape.at(-2) ?? 4) : 2;
    return [name, Float32Array.from({ length: size }, () => scale * (next() - 0.5))] as const;
  });
  const ids = Object.entries(model.ids ?? {}).map(([name, { shape, below }]) => {
    const size = sizeOf(shape);
    return [name, Float32Array.from({ length: size }, () => Math.floor(below * next()))] as const;
  });
  return Object.fromEntries([...drawn, ...ids]);
}

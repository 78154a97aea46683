import { gradientsOf, onTape } from "@polytask/core/engine";
import {
  Graph,
  type Node,
  ops,
  type Shape,
  sizeOf,
  trace,
  type Tracer,
  vectorise,
} from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs";

/** A model's losses and gradients as a step hands them on: losses [T], gradients flat and in the order of memory. */
export interface Traced {
  readonly graph: Graph;
  readonly outputs: readonly Node[];
  /** How many numbers every memory holds. */
  readonly sizes: ReadonlyMap<string, number>;
}

export interface Style {
  readonly tasks: number;
  readonly batch: number;
  /** A tensor per layer of every task or expert, in loops; or tensors with an axis for them. */
  readonly loops: boolean;
  /** Labels that may be missing. */
  readonly masked?: boolean;
}

/** Parameters in one flat memory, in the order in which they are asked for. */
interface Memory {
  readonly parameter: (...shape: readonly number[]) => Tensor;
  /** Of one task each, though one tensor. */
  readonly own: (...shape: readonly number[]) => Tensor;
  /** Several, next to one another. */
  readonly parameters: (count: number, ...shape: readonly number[]) => readonly Tensor[];
  readonly input: (space: string, ...shape: readonly number[]) => Tensor;
  readonly labels: (task: number, batch: number) => Tensor;
  readonly present: (task: number, batch: number) => Tensor;
}

export type Model = (memory: Memory, style: Style) => readonly Tensor[];

const hidden = { input: 128, bottom: [256, 128], tower: 16, experts: 8, expert: [64, 32] };

/** Losses of a model, its gradient of Σ L_k, flat. */
export function traceSum(model: Model, style: Style): Traced {
  const made = open();
  const outputs = trace(
    (tracer) =>
      onTape(() => {
        const memory = made.memory(tracer);
        const losses = model(memory, style);
        const parameters = made.parameters.map(({ tensor }) => tensor);
        const gradients = gradientsOf(tf.addN([...losses]), parameters);
        return [
          tracer.nodeOf(tf.stack([...losses])),
          flat(
            made.graph,
            gradients.map((g, i) =>
              g ? tracer.nodeOf(g) : made.graph.constant(0, made.parameters[i].tensor.shape),
            ),
          ),
        ];
      }),
    made.graph,
  );
  return { graph: made.graph, outputs, sizes: made.sizes };
}

/** Losses of a model, J by blocks of shared parameters, and gradients of tasks' own parameters, flat. */
export function traceRows(model: Model, style: Style): Traced {
  const made = open();
  const { graph } = made;
  const outputs = trace(
    (tracer) =>
      onTape(() => {
        const losses = tf.stack([...model(made.memory(tracer), style)]);
        const units = graph.view("units", 0, [style.tasks]);
        const objective = tf.sum(tf.mul(tracer.tensor(units), losses));
        const gradients = gradientsOf(
          objective,
          made.parameters.map(({ tensor }) => tensor),
        ).map((g) => (g ? tracer.nodeOf(g) : graph.constant(0)));
        const found = vectorise(graph, { weights: units, gradients, size: style.tasks });
        const rows = gradients.map((_, i) => found.rows(i));
        const isShared = (i: number): boolean =>
          !made.parameters[i].own && rows[i].copies.length > 1;
        const places = gradients.map((_, i) => i);
        return [
          tracer.nodeOf(losses),
          flat(
            graph,
            places.filter(isShared).map((i) => rows[i].value),
          ),
          flat(
            graph,
            places.filter((i) => !isShared(i)).map((i) => found.ones(i)),
          ),
        ];
      }),
    graph,
  );
  return { graph, outputs, sizes: made.sizes };
}

const flat = (graph: Graph, nodes: readonly Node[]): Node =>
  ops.concat(
    graph,
    nodes.map((node) => ops.reshape(graph, node, [sizeOf(node.shape)])),
    0,
  );

function open(): {
  graph: Graph;
  parameters: { readonly tensor: Tensor; readonly own: boolean }[];
  sizes: Map<string, number>;
  memory: (tracer: Tracer) => Memory;
} {
  const graph = new Graph();
  const parameters: { readonly tensor: Tensor; readonly own: boolean }[] = [];
  const sizes = new Map<string, number>();
  return {
    graph,
    parameters,
    sizes,
    memory: (tracer) => {
      const grow = (space: string, at: number, shape: Shape): number => {
        sizes.set(space, Math.max(sizes.get(space) ?? 0, at + sizeOf(shape)));
        return at;
      };
      const make = (shape: Shape, own: boolean): Tensor => {
        const at = grow("parameters", sizes.get("parameters") ?? 0, shape);
        const tensor = tracer.tensor(graph.view("parameters", at, shape));
        parameters.push({ tensor, own });
        return tensor;
      };
      return {
        parameter: (...shape) => make(shape, false),
        own: (...shape) => make(shape, true),
        parameters: (count, ...shape) => Array.from({ length: count }, () => make(shape, false)),
        input: (space, ...shape) => tracer.tensor(graph.view(space, grow(space, 0, shape), shape)),
        labels: (task, batch) =>
          tracer.tensor(graph.view("labels", grow("labels", task * batch, [batch]), [batch])),
        present: (task, batch) =>
          tracer.tensor(graph.view("masks", grow("masks", task * batch, [batch]), [batch], "bool")),
      };
    },
  };
}

const crossEntropy = (scores: Tensor, labels: Tensor): Tensor =>
  tf.add(tf.sub(tf.relu(scores), tf.mul(scores, labels)), tf.softplus(tf.neg(tf.abs(scores))));

/** Mean cross-entropy of scores [batch, 1]; over what is present. */
function loss(memory: Memory, scores: Tensor, task: number, { batch, masked }: Style): Scalar {
  const values = memory.labels(task, batch);
  if (masked !== true) {
    return tf.mul(tf.sum(crossEntropy(tf.squeeze(scores, [-1]), values)), 1 / batch);
  }
  const there = memory.present(task, batch);
  const every = tf.broadcastTo(tf.expandDims(tf.cast(there, "int32"), -1), scores.shape);
  const safe = tf.where(tf.cast(every, "bool"), scores, tf.fill(scores.shape, 0));
  const losses = crossEntropy(tf.squeeze(safe, [-1]), values);
  return tf.mul(tf.sum(tf.where(there, losses, tf.zerosLike(losses))), 1 / batch);
}

const dense = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
  tf.add(tf.matMul(x as Tensor2D, w as Tensor2D), b);

/** Towers of one hidden layer, as losses. */
function towers(
  memory: Memory,
  inputs: readonly Tensor[],
  width: number,
  style: Style,
): readonly Tensor[] {
  const { tasks } = style;
  const u = hidden.tower;
  const v1 = memory.parameters(tasks, width, u);
  const c1 = memory.parameters(tasks, u);
  const v2 = memory.parameters(tasks, u, 1);
  const c2 = memory.parameters(tasks, 1);
  return inputs.map((h, k) =>
    loss(memory, dense(tf.relu(dense(h, v1[k], c1[k])), v2[k], c2[k]), k, style),
  );
}

/** The same with an axis of tasks: inputs [T, batch, width] or, for all alike, [batch, width]. */
function batchedTowers(
  memory: Memory,
  input: Tensor,
  width: number,
  style: Style,
): readonly Tensor[] {
  const { tasks, batch } = style;
  const u = hidden.tower;
  const x = input.rank === 3 ? input : tf.tile(tf.expandDims(input, 0), [tasks, 1, 1]);
  const h = tf.relu(tf.add(tf.matMul(x, memory.own(tasks, width, u)), memory.own(tasks, 1, u)));
  const scores = tf.add(tf.matMul(h, memory.own(tasks, u, 1)), memory.own(tasks, 1, 1));
  return tf
    .unstack(scores)
    .map((score, k) => loss(memory, tf.reshape(score, [batch, 1]), k, style));
}

export const sharedBottom: Model = (memory, style) => {
  const { batch, loops, tasks } = style;
  const [first, second] = hidden.bottom;
  const x = memory.input("column/x", batch, hidden.input);
  const h1 = tf.relu(dense(x, memory.parameter(hidden.input, first), memory.parameter(first)));
  const h2 = tf.relu(dense(h1, memory.parameter(first, second), memory.parameter(second)));
  return loops
    ? towers(
        memory,
        Array.from({ length: tasks }, () => h2),
        second,
        style,
      )
    : batchedTowers(memory, h2, second, style);
};

/** Eight experts, a gate per task. In loops: mixed by `mixing`. */
export const mmoe =
  (mixing: "product" | "sum"): Model =>
  (memory, style) => {
    const { batch, loops, tasks } = style;
    const e = hidden.experts;
    const [first, second] = hidden.expert;
    const x = memory.input("column/x", batch, hidden.input) as Tensor2D;
    let banks: readonly Tensor[] = [];
    let bank: Tensor;
    if (loops) {
      const w1 = memory.parameters(e, hidden.input, first);
      const b1 = memory.parameters(e, first);
      const w2 = memory.parameters(e, first, second);
      const b2 = memory.parameters(e, second);
      banks = w1.map((w, i) => tf.relu(dense(tf.relu(dense(x, w, b1[i])), w2[i], b2[i])));
      bank = mixing === "product" ? tf.stack([...banks], 1) : x;
    } else {
      const wide = tf.reshape<tf.Rank.R2>(memory.parameter(e, first, hidden.input), [
        e * first,
        hidden.input,
      ]);
      const products = tf.matMul(x, wide, false, true);
      const start = tf.relu(tf.add(products, tf.reshape(memory.parameter(e, first), [e * first])));
      const apart = tf.transpose(tf.reshape(start, [batch, e, first]), [1, 0, 2]);
      const product = tf.matMul(apart, memory.parameter(e, first, second));
      const end = tf.relu(tf.add(product, tf.expandDims(memory.parameter(e, second), 1)));
      bank = tf.transpose(end, [1, 0, 2]);
    }
    const wg = memory.parameters(tasks, hidden.input, e);
    const bg = memory.parameters(tasks, e);
    const mixtures = wg.map((w, k) => {
      const gate = tf.softmax(dense(x, w, bg[k]));
      if (loops && mixing === "sum") {
        return tf.addN(banks.map((f, i) => tf.mul(tf.slice(gate, [0, i], [batch, 1]), f)));
      }
      return tf.squeeze(tf.matMul(tf.expandDims(gate, 1), bank), [1]);
    });
    return towers(memory, mixtures, second, style);
  };

/** One level of shared and own experts, written with a tensor per layer of each. */
export const cgc: Model = (memory, style) => {
  const { batch, tasks } = style;
  const [first, second] = hidden.expert;
  const [shared, own] = [4, 2];
  const x = memory.input("column/x", batch, hidden.input) as Tensor2D;
  const bank = (count: number): readonly Tensor[] => {
    const w1 = memory.parameters(count, hidden.input, first);
    const b1 = memory.parameters(count, first);
    const w2 = memory.parameters(count, first, second);
    const b2 = memory.parameters(count, second);
    return w1.map((w, i) => tf.relu(dense(tf.relu(dense(x, w, b1[i])), w2[i], b2[i])));
  };
  const common = bank(shared);
  const owns = bank(own * tasks);
  const wg = memory.parameters(tasks, hidden.input, own + shared);
  const bg = memory.parameters(tasks, own + shared);
  const mixtures = wg.map((w, k) => {
    const gate = tf.softmax(dense(x, w, bg[k]));
    const values = tf.stack([...owns.slice(own * k, own * (k + 1)), ...common], 1);
    return tf.squeeze(tf.matMul(tf.expandDims(gate, 1), values), [1]);
  });
  return towers(memory, mixtures, second, style);
};

/** Towers on one layer, of which every third predicts a number and the others a class. */
export const mixed: Model = (memory, style) => {
  const { batch, tasks } = style;
  const u = hidden.tower;
  const x = memory.input("column/x", batch, hidden.input) as Tensor2D;
  const h = tf.relu(dense(x, memory.parameter(hidden.input, 32), memory.parameter(32)));
  const v1 = memory.parameters(tasks, 32, u);
  const c1 = memory.parameters(tasks, u);
  const v2 = memory.parameters(tasks, u, 1);
  const c2 = memory.parameters(tasks, 1);
  return v1.map((v, k) => {
    const scores = dense(tf.relu(dense(h, v, c1[k])), v2[k], c2[k]);
    if (k % 3 !== 2) return loss(memory, scores, k, style);
    const errors = tf.sub(tf.squeeze(scores, [-1]), memory.labels(k, batch));
    return tf.mul(tf.sum(tf.square(errors)), 1 / batch);
  });
};

/** The same with a bank for the experts of each owner, one tensor per layer. */
export const cgcBanks: Model = (memory, style) => {
  const { batch, tasks } = style;
  const [first, second] = hidden.expert;
  const [shared, own] = [4, 2];
  const x = memory.input("column/x", batch, hidden.input) as Tensor2D;
  const bank = (count: number, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor): Tensor => {
    const wide = tf.reshape<tf.Rank.R2>(w1, [count * first, hidden.input]);
    const products = tf.matMul(x, wide, false, true);
    const start = tf.relu(tf.add(products, tf.reshape(b1, [count * first])));
    const apart = tf.transpose(tf.reshape(start, [batch, count, first]), [1, 0, 2]);
    const end = tf.relu(tf.add(tf.matMul(apart, w2), tf.expandDims(b2, 1)));
    return tf.transpose(end, [1, 0, 2]);
  };
  const [s1, s2] = [memory.parameter(shared, first, hidden.input), memory.parameter(shared, first)];
  const [s3, s4] = [memory.parameter(shared, first, second), memory.parameter(shared, second)];
  const common = bank(shared, s1, s2, s3, s4);
  const o1 = memory.parameters(tasks, own, first, hidden.input);
  const o2 = memory.parameters(tasks, own, first);
  const o3 = memory.parameters(tasks, own, first, second);
  const o4 = memory.parameters(tasks, own, second);
  const owns = o1.map((w, k) => bank(own, w, o2[k], o3[k], o4[k]));
  const wg = memory.parameters(tasks, hidden.input, own + shared);
  const bg = memory.parameters(tasks, own + shared);
  const mixtures = wg.map((w, k) => {
    const gate = tf.softmax(dense(x, w, bg[k]));
    const values = tf.concat([owns[k], common], 1);
    return tf.squeeze(tf.matMul(tf.expandDims(gate, 1), values), [1]);
  });
  return towers(memory, mixtures, second, style);
};

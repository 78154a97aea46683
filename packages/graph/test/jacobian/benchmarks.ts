import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Model } from "./model.ts";
import { B, dense, each, perTask, sigmoidLoss } from "./parts.ts";

/** Roles of what belongs to one task: gates, own experts, towers. */
const OWN = ["G", "g", "O", "V", "c", "u", "d"];

/** A shared bottom with a tower per task, written as one would in a loop. */
export const separateTowers = (
  tasks: number,
  { batch = B, input = 6, hidden = [8, 7], tower = 4 }: Sizes = {},
): Model => ({
  tasks,
  parameters: {
    W1: [input, hidden[0]],
    b1: [hidden[0]],
    W2: [hidden[0], hidden[1]],
    b2: [hidden[1]],
    ...each(tasks, "V", [hidden[1], tower]),
    ...each(tasks, "c", [tower]),
    ...each(tasks, "u", [tower, 1]),
    ...each(tasks, "d", [1]),
  },
  own: OWN,
  data: { x: [batch, input], ...each(tasks, "y", [batch, 1]) },
  losses: (p, { x, ...labels }) => {
    const h = tf.relu(dense(tf.relu(dense(x, p("W1"), p("b1"))), p("W2"), p("b2")));
    return perTask(tasks, (k) => {
      const top = tf.relu(dense(h, p("V", k), p("c", k)));
      return tf.mean(sigmoidLoss(dense(top, p("u", k), p("d", k)), labels[`y${k}`]));
    });
  },
});

/** The same with all towers as one batched product. */
export const batchedTowers = (
  tasks: number,
  { batch = B, input = 6, hidden = [8, 7], tower = 4 }: Sizes = {},
): Model => ({
  tasks,
  parameters: {
    W1: [input, hidden[0]],
    b1: [hidden[0]],
    W2: [hidden[0], hidden[1]],
    b2: [hidden[1]],
    V: [tasks, hidden[1], tower],
    c: [tasks, 1, tower],
    u: [tasks, tower, 1],
    d: [tasks, 1, 1],
  },
  own: OWN,
  data: { x: [batch, input], y: [tasks, batch] },
  losses: (p, { x, y }) => {
    const h = tf.relu(dense(tf.relu(dense(x, p("W1"), p("b1"))), p("W2"), p("b2")));
    const copies = tf.tile(tf.expandDims(h, 0), [tasks, 1, 1]);
    const top = tf.relu(dense(copies, p("V"), p("c")));
    return tf.mean(sigmoidLoss(tf.squeeze(dense(top, p("u"), p("d")), [2]), y), 1);
  },
});

export interface Sizes {
  readonly batch?: number;
  readonly input?: number;
  readonly hidden?: readonly [number, number];
  readonly tower?: number;
}

/** Experts, gates and towers batched; experts are mixed by a batched product. */
export const batchedMmoe = (
  tasks: number,
  experts: number,
  { batch = B, input = 6, hidden = [8, 7], tower = 4 }: Sizes = {},
): Model => ({
  tasks,
  parameters: {
    W1: [experts, input, hidden[0]],
    b1: [experts, 1, hidden[0]],
    W2: [experts, hidden[0], hidden[1]],
    b2: [experts, 1, hidden[1]],
    G: [tasks, input, experts],
    g: [tasks, 1, experts],
    V: [tasks, hidden[1], tower],
    c: [tasks, 1, tower],
    u: [tasks, tower, 1],
    d: [tasks, 1, 1],
  },
  own: OWN,
  data: { x: [batch, input], y: [tasks, batch, 1] },
  losses: (p, { x, y }) => {
    const spread = (n: number): Tensor => tf.tile(tf.expandDims(x, 0), [n, 1, 1]);
    const f = tf.relu(dense(tf.relu(dense(spread(experts), p("W1"), p("b1"))), p("W2"), p("b2")));
    const gates = tf.softmax(dense(spread(tasks), p("G"), p("g"))); // [T, B, E]
    const byExample = tf.transpose(f, [1, 0, 2]); // [B, E, D]
    const mixed = tf.matMul(tf.transpose(gates, [1, 0, 2]), byExample);
    const z = tf.transpose(mixed, [1, 0, 2]); // [T, B, D]
    const scores = dense(tf.relu(dense(z, p("V"), p("c"))), p("u"), p("d"));
    return tf.mean(sigmoidLoss(scores, y), [1, 2]);
  },
});

/** Experts, gates and towers in loops; experts are mixed by a sum of products. */
export const separateMmoe = (
  tasks: number,
  experts: number,
  { batch = B, input = 6, hidden = [8, 7], tower = 4 }: Sizes = {},
): Model => ({
  tasks,
  parameters: {
    ...each(experts, "W", [input, hidden[0]]),
    ...each(experts, "b", [hidden[0]]),
    ...each(experts, "X", [hidden[0], hidden[1]]),
    ...each(experts, "a", [hidden[1]]),
    ...each(tasks, "G", [input, experts]),
    ...each(tasks, "g", [experts]),
    ...each(tasks, "V", [hidden[1], tower]),
    ...each(tasks, "c", [tower]),
    ...each(tasks, "u", [tower, 1]),
    ...each(tasks, "d", [1]),
  },
  own: OWN,
  data: { x: [batch, input], ...each(tasks, "y", [batch, 1]) },
  losses: (p, { x, ...labels }) => {
    const f = perTask(experts, (e) =>
      tf.relu(dense(tf.relu(dense(x, p("W", e), p("b", e))), p("X", e), p("a", e))),
    );
    return perTask(tasks, (k) => {
      const gates = tf.split(tf.softmax(dense(x, p("G", k), p("g", k))), experts, 1);
      const z = tf.addN(f.map((expert, e) => tf.mul(expert, gates[e])));
      const scores = dense(tf.relu(dense(z, p("V", k), p("c", k))), p("u", k), p("d", k));
      return tf.mean(sigmoidLoss(scores, labels[`y${k}`]));
    });
  },
});

/** One level of customised gate control: own and shared experts, mixed per task. */
export const cgc = (
  tasks: number,
  { batch = B, input = 6, hidden = [8, 7], tower = 4 }: Sizes = {},
  { shared = 2, own = 2 }: { readonly shared?: number; readonly own?: number } = {},
): Model => ({
  tasks,
  parameters: {
    trunk: [input, input],
    ...each(shared, "S", [input, hidden[1]]),
    ...each(tasks * own, "O", [input, hidden[1]]),
    ...each(tasks, "G", [input, shared + own]),
    ...each(tasks, "V", [hidden[1], tower]),
    ...each(tasks, "u", [tower, 1]),
  },
  own: OWN,
  data: { x: [batch, input], ...each(tasks, "y", [batch, 1]) },
  losses: (p, { x, ...labels }) => {
    const h = tf.tanh(tf.matMul(x, p("trunk")));
    const expert = (kernel: Tensor): Tensor => tf.relu(tf.matMul(h, kernel));
    const common = perTask(shared, (e) => expert(p("S", e)));
    return perTask(tasks, (k) => {
      const mine = perTask(own, (e) => expert(p("O", k * own + e)));
      const gates = tf.softmax(tf.matMul(h, p("G", k)));
      const all = tf.stack([...common, ...mine], 1); // [B, E, D]
      const z = tf.sum(tf.mul(tf.expandDims(gates, 2), all), 1);
      const top = tf.relu(tf.matMul(z, p("V", k)));
      return tf.mean(sigmoidLoss(tf.matMul(top, p("u", k)), labels[`y${k}`]));
    });
  },
});

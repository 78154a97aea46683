import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import { batchedMmoe, batchedTowers, cgc, separateMmoe, separateTowers } from "./benchmarks.ts";
import type { Model, Parameters } from "./model.ts";
import { B, cross, dense, each, perTask, sigmoidLoss, square } from "./parts.ts";

const H = 6;
const trunk = (x: Tensor, p: Parameters): Tensor2D => tf.tanh(tf.matMul(x, p("W")));
const trunkOf = (input = 4): Readonly<Record<string, readonly number[]>> => ({ W: [input, H] });

/** Small models that are awkward each in its own way. */
export const AWKWARD: Readonly<Record<string, Model>> = {
  "a cascade: tower k feeds tower k + 1": {
    tasks: 3,
    parameters: { ...trunkOf(), ...each(3, "V", [H, H]), ...each(3, "u", [H, 1]) },
    data: { x: [B, 4], ...each(3, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      let h = trunk(x, p);
      return perTask(3, (k) => {
        h = tf.tanh(tf.matMul(h, p("V", k)));
        return square(tf.matMul(h, p("u", k)), y[`y${k}`]);
      });
    },
  },
  "a cascade on a task axis, by slices": {
    tasks: 3,
    parameters: { ...trunkOf(), V: [3, H, H], u: [3, H, 1] },
    data: { x: [B, 4], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const copies = tf.tile(tf.expandDims(trunk(x, p), 0), [3, 1, 1]);
      const first = tf.tanh(tf.matMul(copies, p("V")));
      // Every task but the first also reads the one before it.
      const before = tf.concat([tf.zeros([1, B, H]), tf.slice(first, [0, 0, 0], [2, B, H])], 0);
      const scores = tf.matMul(tf.add(first, before), p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "separate towers": separateTowers(4),
  "batched towers": batchedTowers(4),
  "MMoE, batched": batchedMmoe(3, 4),
  "MMoE, in loops": separateMmoe(3, 4),
  "customised gate control": cgc(3),
  "cross-task attention": {
    tasks: 3,
    parameters: { ...trunkOf(), V: [3, H, 4], Q: [4, 4], K: [4, 4], u: [3, 4, 1] },
    data: { x: [B, 4], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const copies = tf.tile(tf.expandDims(trunk(x, p), 0), [3, 1, 1]);
      const own = tf.tanh(tf.matMul(copies, p("V"))); // [T, B, D]
      const rows = tf.transpose(own, [1, 0, 2]); // [B, T, D]
      const flat = tf.reshape(rows, [B * 3, 4]);
      const q = tf.reshape(tf.matMul(flat, p("Q")), [B, 3, 4]);
      const k = tf.reshape(tf.matMul(flat, p("K")), [B, 3, 4]);
      const weights = tf.softmax(tf.div(tf.matMul(q, k, false, true), 2));
      const mixed = tf.add(tf.matMul(weights, rows), rows);
      const scores = tf.matMul(tf.transpose(mixed, [1, 0, 2]), p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "gates of all tasks in one layer on a shared one": {
    tasks: 3,
    parameters: { ...trunkOf(), E: [4, H, 5], G: [H, 3 * 4], g: [3 * 4], u: [3, 5, 1] },
    data: { x: [B, 4], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const h = trunk(x, p);
      const copies = tf.tile(tf.expandDims(h, 0), [4, 1, 1]);
      const f = tf.tanh(tf.matMul(copies, p("E"))); // [E, B, D]
      const gates = tf.softmax(tf.reshape(dense(h, p("G"), p("g")), [B, 3, 4]));
      const z = tf.matMul(gates, tf.transpose(f, [1, 0, 2])); // [B, T, D]
      const scores = tf.matMul(tf.transpose(z, [1, 0, 2]), p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "an embedding with repeated ids": {
    tasks: 3,
    parameters: { table: [5, 4], ...each(3, "u", [8, 1]) },
    data: { ...each(3, "y", [B, 1]) },
    ids: { ids: { shape: [B, 2], below: 5 } },
    losses: (p, { ids, ...y }) => {
      const h = tf.reshape(tf.gather(p("table"), tf.cast(ids, "int32")), [B, 8]);
      return perTask(3, (k) => square(tf.tanh(tf.matMul(h, p("u", k))), y[`y${k}`]));
    },
  },
  "ids of every task's own in one shared table": {
    tasks: 3,
    parameters: { table: [7, 4], u: [3, 4, 1] },
    data: { y: [3, B, 1] },
    ids: { ids: { shape: [3, B], below: 7 } },
    losses: (p, { ids, y }) => {
      const h = tf.tanh(tf.gather(p("table"), tf.cast(ids, "int32"))); // [T, B, D]
      const scores = tf.matMul(h, p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "a convolutional trunk": {
    tasks: 3,
    parameters: { F: [3, 3, 2, 3], G: [2, 2, 3, 4], u: [3, 4, 1] },
    data: { x: [B, 6, 6, 2], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const first = tf.relu(tf.conv2d(x as Tensor4D, p("F") as Tensor4D, 1, "same"));
      const second = tf.tanh(tf.conv2d(first, p("G") as Tensor4D, 2, "valid"));
      const h = tf.mean(second, [1, 2]);
      const copies = tf.tile(tf.expandDims(h, 0), [3, 1, 1]);
      const scores = tf.matMul(copies, p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "a convolutional trunk under separate heads": {
    tasks: 2,
    parameters: { F: [3, 3, 2, 3], G: [2, 2, 3, 4], ...each(2, "u", [4, 1]) },
    data: { x: [B, 6, 6, 2], ...each(2, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      const first = tf.relu(tf.conv2d(x as Tensor4D, p("F") as Tensor4D, [2, 1], "same"));
      const second = tf.tanh(tf.conv2d(first, p("G") as Tensor4D, 1, "valid"));
      const h = tf.mean(second, [1, 2]);
      return perTask(2, (k) => square(tf.matMul(h, p("u", k)), y[`y${k}`]));
    },
  },
  "a trunk of grouped convolutions and pools": {
    tasks: 3,
    parameters: { D: [3, 3, 2, 2], P: [1, 1, 4, 3], s: [3], u: [3, 3, 1] },
    data: { x: [B, 8, 8, 2], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const apart = tf.depthwiseConv2d(x as Tensor4D, p("D") as Tensor4D, 1, "same");
      const pooled = tf.maxPool(apart, 2, 2, "valid");
      const mixed = tf.tanh(tf.conv2d(pooled, p("P") as Tensor4D, 1, "same"));
      const means = tf.avgPool(tf.mul<Tensor4D>(mixed, p("s")), 2, 2, "valid");
      const copies = tf.tile(tf.expandDims(tf.max(means, [1, 2]), 0), [3, 1, 1]);
      return tf.mean(tf.square(tf.sub(tf.matMul(copies, p("u")), y)), [1, 2]);
    },
  },
  "self-attention over a sequence, and batch norm": {
    tasks: 2,
    parameters: { Q: [4, H], K: [4, H], V: [4, H], s: [H], ...each(2, "u", [H, 1]) },
    data: { x: [B, 3, 4], ...each(2, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      const flat = tf.reshape(x, [B * 3, 4]);
      const [q, k, v] = ["Q", "K", "V"].map((name) =>
        tf.reshape(tf.matMul(flat, p(name)), [B, 3, H]),
      );
      const attention = tf.softmax(tf.div(tf.matMul(q, k, false, true), Math.sqrt(H)));
      const read = tf.max(tf.matMul(attention, v), 1);
      const { mean, variance } = tf.moments(read, 0);
      const h = tf.mul(tf.div(tf.sub(read, mean), tf.sqrt(tf.add(variance, 1e-3))), p("s"));
      return perTask(2, (k) => square(tf.matMul(h, p("u", k)), y[`y${k}`]));
    },
  },
  "heads and losses of different kinds": {
    tasks: 3,
    parameters: { ...trunkOf(), u0: [H, 1], u1: [H, 3], V2: [H, 4], u2: [4, 2] },
    data: { x: [B, 4], y0: [B, 1], y1: [B, 3], y2: [B, 2] },
    losses: (p, { x, y0, y1, y2 }) => {
      const h = trunk(x, p);
      const deep = tf.elu(tf.matMul(h, p("V2")));
      return [
        tf.mean(sigmoidLoss(tf.matMul(h, p("u0")), y0)),
        cross(tf.matMul(h, p("u1")), y1),
        square(tf.matMul(deep, p("u2")), y2),
      ];
    },
  },
  "one wide head [H, T·D]": {
    tasks: 3,
    parameters: { ...trunkOf(), U: [H, 3 * 4], c: [3 * 4], u: [3, 4] },
    data: { x: [B, 4], y: [B, 3] },
    losses: (p, { x, y }) => {
      const top = tf.reshape(tf.tanh(dense(trunk(x, p), p("U"), p("c"))), [B, 3, 4]);
      return tf.mean(tf.square(tf.sub(tf.sum(tf.mul(top, p("u")), 2), y)), 0);
    },
  },
  "towers on slices of a [T, B, D] value": {
    tasks: 3,
    parameters: { ...trunkOf(), V: [3, H, 4], ...each(3, "u", [4, 1]) },
    data: { x: [B, 4], ...each(3, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      const copies = tf.tile(tf.expandDims(trunk(x, p), 0), [3, 1, 1]);
      const all = tf.tanh(tf.matMul(copies, p("V")));
      return perTask(3, (k) => {
        const z = tf.reshape(tf.slice(all, [k, 0, 0], [1, B, 4]), [B, 4]);
        return square(tf.matMul(z, p("u", k)), y[`y${k}`]);
      });
    },
  },
  "losses of their own on unstacked scores": {
    tasks: 3,
    parameters: { ...trunkOf(), V: [3, H, 4], u: [3, 4, 1] },
    data: { x: [B, 4], ...each(3, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      const copies = tf.tile(tf.expandDims(trunk(x, p), 0), [3, 1, 1]);
      const all = tf.tanh(tf.matMul(copies, p("V")));
      const scores = tf.unstack(tf.matMul(all, p("u")));
      return [
        square(scores[0], y["y0"]),
        tf.mean(sigmoidLoss(scores[1], y["y1"])),
        tf.mean(tf.abs(tf.sub(scores[2], y["y2"]))),
      ];
    },
  },
  "the task axis last": {
    tasks: 4,
    parameters: { ...trunkOf(), U: [H, 4], c: [4] },
    data: { x: [B, 4], y: [B, 4] },
    losses: (p, { x, y }) => tf.mean(sigmoidLoss(dense(trunk(x, p), p("U"), p("c")), y), 0),
  },
  "layer norm and a residual": {
    tasks: 3,
    parameters: { ...trunkOf(), R: [H, H], scale: [H], shift: [H], u: [3, H, 1] },
    data: { x: [B, 4], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const h = trunk(x, p);
      const r = tf.add(h, tf.relu(tf.matMul(h, p("R"))));
      const { mean, variance } = tf.moments(r, 1, true);
      const normal = tf.div(tf.sub(r, mean), tf.sqrt(tf.add(variance, 1e-3)));
      const z = tf.add(tf.mul(normal, p("scale")), p("shift"));
      const copies = tf.tile(tf.expandDims(z, 0), [3, 1, 1]);
      const scores = tf.matMul(copies, p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "masked losses": {
    tasks: 3,
    parameters: { ...trunkOf(), ...each(3, "u", [H, 1]) },
    data: { x: [B, 4], ...each(3, "y", [B, 1]), ...each(3, "m", [B, 1]) },
    losses: (p, { x, ...given }) => {
      const h = trunk(x, p);
      return perTask(3, (k) => {
        const present = tf.greater(given[`m${k}`], 0);
        const scores = tf.matMul(h, p("u", k));
        const safe = tf.where(present, scores, tf.zerosLike(scores));
        const losses = sigmoidLoss(safe, given[`y${k}`]);
        const total = tf.sum(tf.where(present, losses, tf.zerosLike(losses)));
        return tf.div(total, tf.sum(tf.cast(present, "float32")));
      });
    },
  },
  "a task that reaches no shared parameter": {
    tasks: 3,
    parameters: { ...trunkOf(), ...each(3, "u", [H, 1]), own: [4, 1] },
    data: { x: [B, 4], ...each(3, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      const h = trunk(x, p);
      return perTask(3, (k) =>
        k === 1
          ? square(tf.matMul(x, p("own")), y["y1"])
          : square(tf.matMul(h, p("u", k)), y[`y${k}`]),
      );
    },
  },
  "heads joined into one value and taken apart": {
    tasks: 3,
    parameters: { ...trunkOf(), u0: [H, 2], u1: [H, 3], u2: [H, 2] },
    data: { x: [B, 4], y0: [B, 2], y1: [B, 3], y2: [B, 2] },
    losses: (p, { x, y0, y1, y2 }) => {
      const h = trunk(x, p);
      const heads = [p("u0"), p("u1"), p("u2")].map((u) => tf.matMul(h, u));
      const all = tf.tanh(tf.concat(heads, 1));
      const [a, b, c] = tf.split(all, [2, 3, 2], 1);
      return [square(a, y0), cross(b, y1), square(c, y2)];
    },
  },
  "one layer of all heads, of different widths": {
    tasks: 3,
    parameters: { ...trunkOf(), U: [H, 8], c: [8] },
    data: { x: [B, 4], y0: [B, 1], y1: [B, 4], y2: [B, 3] },
    losses: (p, { x, y0, y1, y2 }) => {
      const [a, b, c] = tf.split(dense(trunk(x, p), p("U"), p("c")), [1, 4, 3], 1);
      return [square(a, y0), cross(b, y1), cross(c, y2)];
    },
  },
  "cross-stitch units": {
    tasks: 3,
    parameters: { ...trunkOf(), V: [3, H, 4], A: [3, 3], u: [3, 4, 1] },
    data: { x: [B, 4], y: [3, B, 1] },
    losses: (p, { x, y }) => {
      const copies = tf.tile(tf.expandDims(trunk(x, p), 0), [3, 1, 1]);
      const own = tf.tanh(tf.matMul(copies, p("V")));
      const flat = tf.reshape(own, [3, B * 4]);
      const mixed = tf.reshape(tf.matMul(p("A"), flat), [3, B, 4]);
      const scores = tf.matMul(tf.tanh(mixed), p("u"));
      return tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
    },
  },
  "a softmax over tasks": {
    tasks: 3,
    parameters: { ...trunkOf(), U: [H, 3] },
    data: { x: [B, 4], y: [B, 3] },
    losses: (p, { x, y }) => {
      const shares = tf.softmax(tf.matMul(trunk(x, p), p("U")));
      return tf.mean(tf.square(tf.sub(shares, y)), 0);
    },
  },
  "an auxiliary loss on the shared layer": {
    tasks: 4,
    parameters: { ...trunkOf(), u: [3, H, 1] },
    data: { x: [B, 4], y: [3, B, 1], z: [B, H] },
    losses: (p, { x, y, z }) => {
      const h = trunk(x, p);
      const copies = tf.tile(tf.expandDims(h, 0), [3, 1, 1]);
      const scores = tf.matMul(copies, p("u"));
      const tasks = tf.mean(tf.square(tf.sub(scores, y)), [1, 2]);
      return tf.concat([tasks as Tensor1D, tf.reshape(square(h, z), [1])]);
    },
  },
  "learned weights on losses": {
    tasks: 3,
    parameters: { ...trunkOf(), s: [3], ...each(3, "u", [H, 1]) },
    data: { x: [B, 4], ...each(3, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      const h = trunk(x, p);
      const s = tf.unstack(p("s"));
      return perTask(3, (k) => {
        const loss = square(tf.matMul(h, p("u", k)), y[`y${k}`]);
        return tf.add(tf.mul(tf.exp(tf.neg(s[k])), loss), s[k]);
      });
    },
  },
  "a recurrent trunk": {
    tasks: 3,
    parameters: { W: [4, H], R: [H, H], ...each(3, "u", [H, 1]) },
    data: { x: [B, 3, 4], ...each(3, "y", [B, 1]) },
    losses: (p, { x, ...y }) => {
      let h = tf.zeros([B, H]);
      for (const now of tf.unstack(x, 1)) {
        h = tf.tanh(tf.add(tf.matMul(now, p("W")), tf.matMul(h, p("R"))));
      }
      return perTask(3, (k) => square(tf.matMul(h, p("u", k)), y[`y${k}`]));
    },
  },
  "sequences: losses by task and step": {
    tasks: 3,
    parameters: { W: [4, H], U: [H, 3] },
    data: { x: [B, 4, 4], y: [B, 4, 3] },
    losses: (p, { x, y }) => {
      const flat = tf.reshape(x, [B * 4, 4]);
      const scores = tf.reshape(tf.matMul(trunk(flat, p), p("U")), [B, 4, 3]);
      // Along the last axis: tfjs's gradient along another has its axes swapped.
      const running = tf.transpose(tf.cumsum(tf.transpose(scores, [0, 2, 1]), 2), [0, 2, 1]);
      return tf.mean(tf.square(tf.sub(running, y)), [0, 1]);
    },
  },
  "every length is the number of tasks": batchedTowers(16, {
    batch: 16,
    input: 16,
    hidden: [16, 16],
    tower: 16,
  }),
  "every length is the number of tasks, in loops": separateTowers(16, {
    batch: 16,
    input: 16,
    hidden: [16, 16],
    tower: 16,
  }),
  "one task": separateTowers(1),
  "one task on a task axis": batchedTowers(1),
};

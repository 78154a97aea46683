/**
 * A shared bottom whose backward pass is written out by hand, with a copy axis where the copies differ and nowhere else:
 * what a model that is tiled for its Jacobian comes to at its best.
 */
import { Graph, type Layout, SPACE, type Target, trace, type Tracer } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs";
import { TOWER, WIDTH } from "./cases.ts";

/** Sizes of the model: binary tasks, rows of a batch, units of its two shared layers. */
export interface TiledSizes {
  readonly tasks: number;
  readonly batch: number;
  readonly hidden: readonly [number, number];
}

/** What a parameter is called in both styles of the model, without the task. */
export type Role = "w1" | "b1" | "w2" | "b2" | "kernel" | "bias" | "out" | "offset";

/** Losses, J and own gradients, traced into the memories of `layout`; `placeOf` finds a role's first parameter in it. */
export function traceTiled(
  { tasks: T, batch: B, hidden: [H1, H2] }: TiledSizes,
  layout: Layout,
  placeOf: (role: Role) => number,
  [columns, losses, jacobian, gradients]: readonly [string, string, string, string],
): { readonly graph: Graph; readonly targets: readonly Target[] } {
  const graph = new Graph();
  const targets = trace((tracer: Tracer) => {
    const parameter = <T extends Tensor>(role: Role, ...shape: readonly number[]): T =>
      tracer.tensor(graph.view(SPACE.parameters, layout.parameters[placeOf(role)].at, shape)) as T;
    const x = tracer.tensor(graph.view(columns, 0, [B, WIDTH])) as Tensor2D;
    const y = tracer.tensor(graph.view(SPACE.labels, 0, [T, B, 1])) as Tensor3D;
    const w2 = parameter<Tensor2D>("w2", H1, H2);
    const kernel = parameter<Tensor3D>("kernel", T, H2, TOWER);
    const out = parameter<Tensor3D>("out", T, TOWER, 1);

    const h1 = tf.relu(
      tf.add(tf.matMul(x, parameter<Tensor2D>("w1", WIDTH, H1)), parameter("b1", H1)),
    );
    const h2 = tf.relu(tf.add(tf.matMul(h1 as Tensor2D, w2), parameter("b2", H2)));
    const shared = tf.reshape<tf.Rank.R3>(h2, [1, B, H2]);
    const z = tf.relu(tf.add(tf.matMul(shared, kernel), parameter("bias", T, 1, TOWER)));
    const scores = tf.add(tf.matMul(z as Tensor3D, out), parameter("offset", T, 1, 1));
    const loss = tf.mean(
      tf.add(tf.sub(tf.relu(scores), tf.mul(scores, y)), tf.softplus(tf.neg(tf.abs(scores)))),
      [1, 2],
    );

    const open = (value: Tensor): Tensor => tf.step(value);
    const dScores = tf.div(tf.sub(tf.sigmoid(scores), y), B);
    const dZ = tf.mul(tf.matMul(dScores as Tensor3D, out, false, true), open(z));
    const dH2 = tf.mul(tf.matMul(dZ as Tensor3D, kernel, false, true), open(shared));
    const dH1 = tf.mul(
      tf.reshape(tf.matMul(tf.reshape<tf.Rank.R2>(dH2, [T * B, H2]), w2, false, true), [T, B, H1]),
      tf.reshape(open(h1), [1, B, H1]),
    );
    const rows: Readonly<Partial<Record<Role, Tensor>>> = {
      w1: tf.matMul(tf.reshape<tf.Rank.R3>(x, [1, B, WIDTH]), dH1, true),
      b1: tf.sum(dH1, 1),
      w2: tf.matMul(tf.reshape<tf.Rank.R3>(h1, [1, B, H1]), dH2, true),
      b2: tf.sum(dH2, 1),
    };
    const own: Readonly<Partial<Record<Role, Tensor>>> = {
      kernel: tf.matMul(shared, dZ, true),
      bias: tf.sum(dZ, 1),
      out: tf.matMul(z, dScores, true),
      offset: tf.sum(dScores, 1),
    };
    const blockOf = (role: Role): number =>
      layout.jacobian.find(({ of }) => of === layout.parameters[placeOf(role)].of)?.at ?? NaN;
    return [
      { node: tracer.nodeOf(loss), space: losses, at: 0 },
      ...Object.entries(rows).map(([role, value]) => ({
        node: tracer.nodeOf(value),
        space: jacobian,
        at: blockOf(role as Role),
      })),
      ...Object.entries(own).map(([role, value]) => ({
        node: tracer.nodeOf(value),
        space: gradients,
        at: layout.parameters[placeOf(role as Role)].at,
      })),
    ];
  }, graph);
  return { graph, targets };
}

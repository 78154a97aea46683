import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import { type Gathering, needsRows } from "./gather.ts";
import {
  disposeJacobian,
  gramianOf,
  type Jacobian,
  jacobianOf,
  operate,
  type Standing,
} from "./jacobian.ts";
import type { Matrix } from "./matrix.ts";
import type { Network } from "./network.ts";
import type { Update } from "./updater.ts";

/** The combined gradient of every parameter; `gradient` tensors are the caller's. */
export interface Combined {
  readonly updates: readonly Update[];
  readonly gramian?: Matrix;
}

/**
 * Shared parameters get the sum of the rows c_k·∇L_k, edited by the surgeries; own parameters c_k·∇L_k of their task,
 * whatever the surgeries do. Gradients of penalties are added to both: they are never a row of J.
 */
export async function combine<Name extends string>(
  network: Network<Name>,
  gathering: Gathering,
  standing: Standing,
): Promise<Combined> {
  const { surgeries, needs } = network;
  if (surgeries.length === 0 && !needs.gramian) {
    return { updates: sumUp(network, gathering, standing) };
  }
  let jacobian = jacobianOf(network, gathering, standing);
  try {
    const whole =
      needs.gramian || !surgeries[0].blocks
        ? await gramianOf(jacobian, [...jacobian.keys()], network, standing)
        : undefined;
    for (const [i, surgery] of surgeries.entries()) {
      const next = await operate(network, surgery, jacobian, standing, gathering, {
        last: i === surgeries.length - 1,
        known: i === 0 && !surgery.blocks ? whole : undefined,
      });
      disposeJacobian(jacobian);
      jacobian = next;
    }
    const updates = sumUp(network, gathering, standing, jacobian);
    return { updates, ...(whole && { gramian: whole }) };
  } finally {
    disposeJacobian(jacobian);
  }
}

function sumUp<Name extends string>(
  network: Network<Name>,
  gathering: Gathering,
  { present, weights, info }: Standing,
  jacobian?: Jacobian,
): readonly Update[] {
  const { parameters, extras, tasks } = network;
  const names = new Set(present.map((k) => tasks[k]));
  const separate = needsRows(network, info);
  return [...parameters, ...extras].map((parameter, i): Update => {
    if (!parameter.tasks.some((task) => names.has(task))) return { parameter, gradient: null };
    const gradient = tf.tidy(() => {
      const terms: (Tensor | null | undefined)[] = [gathering.rest[i]];
      const edited = jacobian?.get(parameter);
      if (i >= parameters.length) {
        terms.push(gathering.weighed?.gradients[i - parameters.length]);
      } else if (edited) {
        terms.push(tf.reshape(tf.sum(edited, 0), parameter.variable.shape));
      } else if (separate) {
        for (const k of present) {
          const row = gathering.rows[k][i];
          if (row) terms.push(tf.mul(row, weights[k]));
        }
      }
      const found = terms.filter((term) => term !== null && term !== undefined);
      return found.length === 0 ? tf.zerosLike(parameter.variable) : tf.addN(found);
    });
    return { parameter, gradient };
  });
}

/** ‖∇_W L_k‖₂ at the model's last shared layer, per task; 0 for the absent. */
export async function lastSharedNorms<Name extends string>(
  network: Network<Name>,
  gathering: Gathering,
): Promise<number[]> {
  const { parameters, model } = network;
  const squares = tf.tidy(() =>
    tf.stack(
      gathering.rows.map((row) => {
        const parts = row.filter(
          (gradient, i) => gradient && model.lastShared.includes(parameters[i].variable),
        );
        return parts.length === 0
          ? tf.scalar(0)
          : tf.addN(parts.map((gradient) => tf.sum(tf.square(gradient as Tensor))));
      }),
    ),
  );
  const values = await squares.data();
  squares.dispose();
  return Array.from(values, Math.sqrt);
}

import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs";
import type { Gathering } from "./gather.ts";
import type { Network } from "./network.ts";

/**
 * Sums a gathering over all processes, as one vector: losses, rows that can be non-zero, the rest. The layout depends
 * on the network alone, so that processes with other tasks present agree on it.
 */
export async function reduceGathering<Name extends string>(
  gathering: Gathering,
  network: Network<Name>,
): Promise<void> {
  const { reducer, parameters, extras, tasks } = network;
  if (reducer.size === 1) return;
  const variables = [...parameters, ...extras].map(({ variable }) => variable);
  const flat = tf.tidy(() => {
    const part = (tensor: Tensor | null, size: number): Tensor =>
      tensor === null ? tf.zeros([size]) : tf.reshape(tensor, [-1]);
    return tf.concat([
      gathering.losses,
      ...tasks.flatMap((task, k) =>
        parameters.flatMap((parameter, i) =>
          parameter.tasks.includes(task)
            ? [part(gathering.rows[k][i], parameter.variable.size)]
            : [],
        ),
      ),
      ...variables.map((variable, i) => part(gathering.rest[i], variable.size)),
    ]);
  });
  const values = Float32Array.from(await flat.data());
  flat.dispose();
  const summed = await reducer.sum(values);

  let at = 0;
  const take = (shape: readonly number[], size: number): Tensor => {
    const tensor = tf.tensor(summed.slice(at, at + size), [...shape], "float32");
    at += size;
    return tensor;
  };
  const put = (old: Tensor | null, next: Tensor): Tensor => {
    old?.dispose();
    return next;
  };
  gathering.losses = put(gathering.losses, take([tasks.length], tasks.length)) as Tensor1D;
  tasks.forEach((task, k) => {
    parameters.forEach(({ tasks: owners, variable }, i) => {
      if (owners.includes(task)) {
        gathering.rows[k][i] = put(gathering.rows[k][i], take(variable.shape, variable.size));
      }
    });
  });
  variables.forEach((variable, i) => {
    gathering.rest[i] = put(gathering.rest[i], take(variable.shape, variable.size));
  });
}

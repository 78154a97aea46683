import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { layers } from "./dense.ts";

const mixture = (gate: Tensor, experts: readonly Tensor[]): Tensor => {
  const shares = tf.softmax(gate) as Tensor2D;
  return tf.addN(experts.map((expert, i) => tf.mul(expert, tf.slice(shares, [0, i], [-1, 1]))));
};

/** What sets a wrong version apart: who owns task t's lower expert, and whether a shared gate joins all experts below. */
export interface LevelsOptions {
  readonly lowerOwners: (task: string, tasks: readonly string[]) => readonly string[];
  readonly sharedGate: boolean;
}

/**
 * Two levels of one expert per task and one shared; a gate per task over its own and the shared one; in the lower level a
 * shared gate over all, whose mixture the upper shared expert reads: so every lower expert reaches every task. Correct.
 */
export const levels = (
  { lowerOwners, sharedGate }: LevelsOptions = { lowerOwners: (_, all) => all, sharedGate: true },
): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-levels",
  contract: CONTRACT,
  create: (scope) => {
    const { tasks } = scope;
    const { parameters, dense } = layers(scope);
    const lower = tasks.map((t) => dense(`lower/${t}`, 6, 4, lowerOwners(t, tasks)));
    const lowerShared = dense("lower/shared", 6, 4, tasks);
    const lowerGates = tasks.map((t) => dense(`lowerGate/${t}`, 6, 2, [t]));
    const gate = sharedGate ? dense("lowerGate/shared", 6, tasks.length + 1, tasks) : undefined;
    const upper = tasks.map((t) => dense(`upper/${t}`, 4, 4, [t]));
    const upperShared = dense("upper/shared", 4, 4, tasks);
    const upperGates = tasks.map((t) => dense(`upperGate/${t}`, 4, 2, [t]));
    const heads = tasks.map((t) => dense(`head/${t}`, 4, scope.task(t).units, [t]));
    return {
      parameters,
      lastShared: parameters
        .filter(({ name }) => name.startsWith("upper/shared"))
        .map(({ variable }) => variable),
      forward: (inputs, pass) => {
        const x = inputs as Tensor;
        const experts = [...lower, lowerShared].map((expert) => tf.tanh(expert(x)));
        const [last] = experts.slice(-1);
        const shared = tf.tanh(upperShared(gate ? mixture(gate(x), experts) : last));
        const score = (name: string): Tensor => {
          const k = tasks.indexOf(name);
          const h = mixture(lowerGates[k](x), [experts[k], last]);
          return heads[k](mixture(upperGates[k](h), [tf.tanh(upper[k](h)), shared]));
        };
        return Object.fromEntries(pass.tasks.map((name) => [name, score(name)]));
      },
    };
  },
});

import * as tf from "@tensorflow/tfjs";
import { CONTRACT, type RegularizerPlugin } from "@polytask/core";

/** One factor is detached: the value is right, the gradient half. */
export const halfGradient = (): RegularizerPlugin => ({
  kind: "regularizer",
  name: "regularizer-half-gradient",
  contract: CONTRACT,
  create: () => ({
    penalty: ({ parameters, pass }) =>
      tf.mul(
        0.005,
        tf.addN(
          parameters.map(({ variable }) =>
            tf.sum(tf.mul(pass.detach(tf.clone(variable)), variable)),
          ),
        ),
      ),
  }),
});

import * as tf from "@tensorflow/tfjs";
import type { Variable } from "@tensorflow/tfjs";

/**
 * Until the function returned is called, no variable can be assigned, and one that is made is disposed then.
 *
 * tfjs's `assign` frees the old value before anything else can object, so it is kept from running at all.
 */
export function holdVariables(refuse: (doing: string) => Error): () => void {
  const { prototype } = tf.Variable;
  const assign = Reflect.get(prototype, "assign") as Variable["assign"];
  const known = new Set(Object.values(tf.engine().registeredVariables));
  prototype.assign = function (this: Variable) {
    throw refuse(`assigns the variable "${this.name}"`);
  };
  return () => {
    prototype.assign = assign;
    for (const variable of Object.values(tf.engine().registeredVariables)) {
      if (!known.has(variable)) variable.dispose();
    }
  };
}

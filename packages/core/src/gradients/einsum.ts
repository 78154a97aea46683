import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";
import type { Gradients } from "./config.ts";

/** A tensor whose axes have letters. */
interface Term {
  readonly x: Tensor;
  readonly letters: readonly string[];
}

/**
 * ∂/∂A of "A,B->C" is "C,B->A": dy takes the operand's place. Letters that only A had were summed, so they are broadcast.
 *
 * tfjs 4.22 has no gradient of einsum.
 */
export const einsumGradients: Gradients = {
  Einsum: {
    kernelName: "Einsum",
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) => {
      const equation = (attributes["equation"] as string).replaceAll(/\s/g, "");
      const [given, result] = equation.split("->");
      const terms = given.split(",").map((letters, i) => termOf(saved[i], letters));
      const whole = termOf(dy as Tensor, result);
      return Object.fromEntries(
        terms.map((term, i) => {
          const others = terms.filter((_, j) => j !== i);
          return [String(i), () => gradientAt(term, [whole, ...others])];
        }),
      );
    },
  },
};

const termOf = (x: Tensor, letters: string): Term => ({ x, letters: Array.from(letters) });

function gradientAt({ x, letters }: Term, factors: readonly Term[]): Tensor {
  const known = letters.filter((letter) => factors.some((term) => term.letters.includes(letter)));
  // Letters of one factor alone are summed first: tfjs's kernel gives a wrong shape for them.
  const summed = factors.map((term, i) => {
    const others = factors.filter((_, j) => j !== i);
    return sumOver(term, [...known, ...others.flatMap((other) => other.letters)]);
  });
  const names = summed.map((term) => term.letters.join("")).join();
  const product = tf.einsum(`${names}->${known.join("")}`, ...summed.map((term) => term.x));
  const spaced = letters.map((letter, i) => (known.includes(letter) ? x.shape[i] : 1));
  return tf.broadcastTo(tf.reshape(product, spaced), x.shape);
}

/** Sums over all letters but those that are wanted. */
function sumOver({ x, letters }: Term, wanted: readonly string[]): Term {
  const axes = letters.flatMap((letter, i) => (wanted.includes(letter) ? [] : [i]));
  if (axes.length === 0) return { x, letters };
  return { x: tf.sum(x, axes), letters: letters.filter((letter) => wanted.includes(letter)) };
}

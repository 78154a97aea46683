import * as tf from "@tensorflow/tfjs";
import { type GradientCase, caseWeights } from "./case.ts";

/**
 * Length of a step. The stencil's own error is h⁴·f⁽⁵⁾/30, 6e-5 for 1/x at 1, the worst of the cases; values
 * of size y, in float32, add 1e-7·y/h times the root of how many change in a step: 2e-5 at most.
 */
const STEP = 1 / 16;

/**
 * The gradient of Σ w·f by differences of f's values: (8(f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h))) / 12h for every
 * number x of the inputs. f is evaluated by the tfjs backend in use, in float32; the sum is taken in float64.
 *
 * Right where that backend's forward pass is: on cpu, repaired.
 */
export async function caseDifferences({ f, inputs }: GradientCase): Promise<Float64Array[]> {
  const points = inputs.map(({ values }) => values.slice());
  const value = async (): Promise<number> => {
    const y = tf.tidy(() => f(...points.map((point, k) => tf.tensor(point, [...inputs[k].shape]))));
    const results = await y.data<"float32">();
    y.dispose();
    const weights = caseWeights(results.length);
    return results.reduce((sum, result, i) => sum + result * weights[i], 0);
  };
  const slopes: Float64Array[] = [];
  for (const point of points) {
    const slope = new Float64Array(point.length);
    for (const [i, middle] of point.entries()) {
      const moved = async (steps: number): Promise<number> => {
        point[i] = middle + steps * STEP;
        return value();
      };
      const near = (await moved(1)) - (await moved(-1));
      const far = (await moved(2)) - (await moved(-2));
      point[i] = middle;
      slope[i] = (8 * near - far) / (12 * STEP);
    }
    slopes.push(slope);
  }
  return slopes;
}

import type * as tfjs from "@tensorflow/tfjs";

/** What a backend computed, and how fast. */
export interface Measured {
  /** Of products of two 512 x 512 matrices, 10^9 additions and multiplications a second. */
  readonly gflops: number;
  /** What came out wrong; undefined if all was right. */
  readonly wrong?: string;
}

const size = 512;

/** Times a product and checks it, then the gradients of a small one. `tf` is the copy of tfjs that the backend is in. */
export async function measure(
  tf: typeof tfjs,
  onStage: (stage: string) => void = () => {},
): Promise<Measured> {
  onStage("computing a product");
  const [gflops, product] = await timeProducts(tf);
  if (product !== 1) return { gflops, wrong: `a product that must be 1 throughout has ${product}` };
  onStage("computing gradients");
  const wrong = await checkGradients(tf);
  return wrong === undefined ? { gflops } : { gflops, wrong };
}

async function timeProducts(tf: typeof tfjs): Promise<[number, number]> {
  const [a, b] = [tf.ones([size, size]), tf.fill([size, size], 1 / size)];
  // each is all ones again, exactly; a chain keeps a device busy that is only waited for at its end
  const run = async (count: number): Promise<{ ms: number; value: number }> => {
    const start = performance.now();
    const total = tf.tidy(() => {
      let out: tfjs.Tensor = a;
      for (let i = 0; i < count; i++) out = tf.matMul(out, b);
      return tf.add(tf.max(out), tf.min(out));
    });
    const [sum] = await total.data();
    total.dispose();
    return { ms: performance.now() - start, value: sum / 2 };
  };
  await run(1); // the first compiles, and takes memory
  const once = await run(1);
  const count = Math.min(64, Math.floor(300 / once.ms));
  const { ms, value } = count > 1 ? await run(count) : once;
  tf.dispose([a, b]);
  return [(Math.max(1, count) * 2 * size ** 3) / ms / 1e6, value];
}

/** f(x, w) = Σ (x w)², so df/dx = 2 (x w) wᵀ and df/dw = 2 xᵀ (x w), in small whole numbers. */
async function checkGradients(tf: typeof tfjs): Promise<string | undefined> {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const w = tf.tensor2d([1, -1, 2, 0.5], [2, 2]);
  const gradients = tf.grads((x: tfjs.Tensor, w: tfjs.Tensor) =>
    tf.sum(tf.square(tf.matMul(x, w))),
  )([x, w]);
  const right = [
    [10, 20, 24, 43],
    [76, -6, 108, -8],
  ];
  for (const [i, gradient] of gradients.entries()) {
    const found = [...(await gradient.data())];
    // small whole numbers are exact, but a GPU may compute in half or TF32
    if (!found.every((value, at) => Math.abs(value - right[i][at]) < 0.5))
      return `a gradient that must be [${right[i].join(", ")}] is [${found.join(", ")}]`;
  }
  tf.dispose([x, w, ...gradients]);
  return undefined;
}

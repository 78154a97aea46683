import type * as tfjs from "@tensorflow/tfjs";

/** What a backend computed, and how fast. */
export interface Measured {
  /** Of products of two square matrices, 10^9 additions and multiplications a second. */
  readonly gflops: number;
  /** What came out wrong; undefined if all was right. */
  readonly wrong?: string;
}

/** Times a product and checks it, then the gradients of a small one. `tf` is the copy of tfjs that the backend is in. */
export async function measure(
  tf: typeof tfjs,
  onStage: (stage: string) => void = () => {},
): Promise<Measured> {
  onStage("computing a product");
  const small = await timeProducts(tf, 128);
  // plain JavaScript takes a second for the larger one
  const { gflops, values } = small.ms > 8 ? small : await timeProducts(tf, 512);
  if (values.some((value) => value !== 1))
    return { gflops, wrong: `a product that must be 1 throughout has ${values.join(" and ")}` };
  onStage("computing gradients");
  const wrong = await checkGradients(tf);
  return wrong === undefined ? { gflops } : { gflops, wrong };
}

interface Timed {
  readonly gflops: number;
  /** Of one product. */
  readonly ms: number;
  /** The largest and the smallest of the result. */
  readonly values: readonly number[];
}

async function timeProducts(tf: typeof tfjs, size: number): Promise<Timed> {
  const [a, b] = [tf.ones([size, size]), tf.fill([size, size], 1 / size)];
  // each is all ones again, exactly; a chain keeps a device busy that is only waited for at its end
  const run = async (count: number): Promise<Timed> => {
    const start = performance.now();
    const ends = tf.tidy(() => {
      let out: tfjs.Tensor = a;
      for (let i = 0; i < count; i++) out = tf.matMul(out, b);
      return tf.stack([tf.max(out), tf.min(out)]);
    });
    const values = [...(await ends.data())];
    ends.dispose();
    const ms = (performance.now() - start) / count;
    return { gflops: (2 * size ** 3) / ms / 1e6, ms, values };
  };
  await run(1); // compiles, and takes memory
  const { ms } = await run(1);
  const timed = await run(Math.min(64, Math.max(1, Math.floor(200 / ms))));
  tf.dispose([a, b]);
  return timed;
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
  const found = await Promise.all(gradients.map(async (gradient) => [...(await gradient.data())]));
  tf.dispose([x, w, ...gradients]);
  // small whole numbers are exact, but a GPU may compute with fewer digits than float32 has
  const wrong = found.findIndex((values, i) =>
    values.some((value, at) => !(Math.abs(value - right[i][at]) < 0.5)),
  );
  if (wrong === -1) return undefined;
  return `a gradient that must be [${right[wrong].join(", ")}] is [${found[wrong].join(", ")}]`;
}

import { succeeds } from "../session/probe.ts";
import type { Runtime } from "../session/runtime.ts";

/**
 * Whether the runtime reads and writes memory that threads share where it lies. Native code may since Node 24.9; in 20,
 * Node refuses its buffer ("Invalid argument").
 */
export const readsShared = (runtime: Runtime): Promise<boolean> =>
  succeeds(runtime, async (session) => {
    const [x, y] = [new SharedArrayBuffer(4), new SharedArrayBuffer(4)].map(
      (buffer) => new Float32Array(buffer),
    );
    x[0] = -1;
    const tensor = (values: Float32Array) => new runtime.Tensor("float32", values, [1]);
    await session.run({ x: tensor(x) }, { y: tensor(y) });
    return y[0] === 1;
  });

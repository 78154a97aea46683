import type { InferenceSession, Tensor } from "onnxruntime-node";
import { IN_PLACE } from "../onnx/in-place.ts";
import { messageOf } from "./errors.ts";
import { succeeds } from "./probe.ts";
import type { Runtime } from "./runtime.ts";

/** What the runtime says when it comes to a sequence, after all results have been written. */
const REFUSAL = "Non tensor type is temporarily not supported";

/** Up to so many bytes, the copies cost less than an error that is thrown and caught. */
const SMALL = 65_536;

/** Runs a model of `encode` so that results are only written where they belong; `fetches` all have their array. */
export async function runInPlace(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: Readonly<Record<string, Tensor>>,
): Promise<void> {
  try {
    await session.run(feeds, { ...fetches, [IN_PLACE]: null });
  } catch (error) {
    if (!messageOf(error).includes(REFUSAL)) throw error;
  }
}

/** Whether it is worth it. */
export function isLarge(
  fetches: Readonly<Record<string, Tensor | null>>,
): fetches is Readonly<Record<string, Tensor>> {
  let bytes = 0;
  for (const name in fetches) {
    const tensor = fetches[name];
    if (tensor === null) return false;
    bytes += (tensor.data as Float32Array).byteLength;
  }
  return bytes > SMALL;
}

let works: Promise<boolean> | undefined;

/** Whether this version of the runtime does write first and refuse then. Tried once a process. */
export const worksInPlace = (runtime: Runtime): Promise<boolean> =>
  (works ??= succeeds(runtime, async (session) => {
    const x = new runtime.Tensor("float32", Float32Array.of(-1), [1]);
    const y = new Float32Array(1);
    await runInPlace(session, { x }, { y: new runtime.Tensor("float32", y, [1]) });
    return y[0] === 1;
  }));

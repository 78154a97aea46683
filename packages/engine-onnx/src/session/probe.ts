import type { InferenceSession } from "onnxruntime-node";
import { inPlace } from "../onnx/in-place.ts";
import { writeModel } from "../onnx/proto.ts";
import type { Runtime } from "./runtime.ts";

const one = { type: "float32", shape: [1] } as const;

/**
 * y = −x, one number: what a runtime can do is tried out on it. Made by hand, since a worker thread that loaded the graph's
 * package, and tfjs with it, would take a second and 50 MiB for it.
 */
export const probeModel = (): Uint8Array =>
  writeModel({
    nodes: [inPlace.node, { op: "Neg", inputs: ["x"], outputs: ["y"], attributes: {} }],
    initializers: [inPlace.initializer],
    inputs: [{ name: "x", ...one }],
    outputs: [inPlace.output, { name: "y", ...one }],
    metadata: {},
  });

/** Whether an attempt on a session of that model does not throw, and finds what it looks for. */
export async function succeeds(
  { InferenceSession }: Runtime,
  attempt: (session: InferenceSession) => Promise<boolean>,
): Promise<boolean> {
  const session = await InferenceSession.create(probeModel(), {
    // A failure is a finding.
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  try {
    return await attempt(session);
  } catch {
    return false;
  } finally {
    await session.release();
  }
}

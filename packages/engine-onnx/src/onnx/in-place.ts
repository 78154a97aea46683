import type { OnnxNode, OnnxTensor, OnnxValueInfo } from "./proto.ts";

/**
 * The name of a first output of every model, a sequence, which is asked for where results are to be written in place.
 *
 * onnxruntime-node writes a result into the array that it is given, and then copies it into a new one, to hand that out:
 * 1 ms and 1,000 page faults for 4 MiB, and memory for a second one until it is collected. It does so for one
 * output after another, and ends with an error at the first that it has no JavaScript value for, as a sequence.
 */
export const IN_PLACE = "in place";

const nothing: OnnxTensor = {
  name: "nothing",
  type: "float32",
  shape: [0],
  bytes: new Uint8Array(0),
};

/** What the output takes in a model. */
export const inPlace: {
  readonly node: OnnxNode;
  readonly initializer: OnnxTensor;
  readonly output: OnnxValueInfo;
} = {
  node: { op: "SequenceConstruct", inputs: [nothing.name], outputs: [IN_PLACE], attributes: {} },
  initializer: nothing,
  output: { name: IN_PLACE, type: "float32", shape: [0], sequence: true },
};

import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { lowerings } from "../src/lowerings/index.ts";

/** Kernels of tfjs's cpu backend that graphs do without, by reason. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  "the result's shape depends on values": [
    ...["NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5", "Unique"],
    ...["SparseFillEmptyRows", "SparseReshape", "RaggedGather", "RaggedRange"],
    ...["RaggedTensorToTensor"],
  ],
  "a shape, not numbers": ["BroadcastArgs"],
  "complex numbers": ["Complex", "ComplexAbs", "FFT", "IFFT", "Imag", "Real"],
  text: [...["StaticRegexReplace", "StringNGrams", "StringSplit", "StringToHashBucketFast"]],
  "draws on the host": ["Multinomial"],
  "images of files and screens": [...["Draw", "RotateWithOffset", "Transform"]],
  "no part of a model that trains": [
    ...["Bincount", "BitwiseAnd", "DenseBincount", "SparseSegmentMean", "SparseSegmentSum"],
    ...["MaxPoolWithArgmax"],
  ],
};

it("every kernel of the cpu backend has a lowering, or a reason to have none", () => {
  const missing = tf
    .getKernelsForBackend("cpu")
    .map(({ kernelName }) => kernelName)
    .filter((kernel) => !Object.hasOwn(lowerings, kernel));
  expect(missing.sort()).toEqual(Object.values(leftOut).flat().sort());
});

it("every lowering is of a kernel that some backend has", () => {
  const known = new Set(tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName));
  expect(Object.keys(lowerings).filter((kernel) => !known.has(kernel))).toEqual([]);
});

import { PolytaskError } from "@polytask/core";

/** TensorFlow's library cannot be had. */
export const noLibrary = (found: string, remedy: string, cause?: unknown): PolytaskError =>
  new PolytaskError(
    {
      code: "POLYTASK_TENSORFLOW_LIBRARY",
      who: "engine-tensorflow",
      required: "steps run in TensorFlow's C library, which a TensorFlow for Python brings",
      found,
      remedy,
    },
    cause === undefined ? undefined : { cause },
  );

/** tfjs-node, which has TensorFlow loaded, is not there. */
export const noTfjsNode = (found: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TENSORFLOW_LIBRARY",
    who: 'engine-tensorflow, through "tfjs-node"',
    required:
      "tfjs must have the backend of a @tensorflow/tfjs-node or tfjs-node-gpu, which steps run in",
    found,
    remedy:
      'Call `await useBackend("tensorflow")` of @polytask/backend before, or leave the option out: steps then run through koffi.',
  });

/** TensorFlow runs, but not on a GPU. */
export const noGpu = (devices: readonly string[]): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TENSORFLOW_DEVICE",
    who: 'engine-tensorflow, device "gpu"',
    required: "TensorFlow must see a GPU",
    found: `it sees ${devices.join(", ")}`,
    remedy:
      'Install the NVIDIA driver and a TensorFlow with CUDA, pip install "tensorflow[and-cuda]", or choose device "cpu".',
  });

/** TensorFlow says no to what it was given. */
export const refused = (what: string, message: string): PolytaskError =>
  new PolytaskError({
    code: "POLYTASK_TENSORFLOW_REFUSED",
    who: "engine-tensorflow",
    required: `TensorFlow must accept ${what}`,
    found: `it says: ${message}`,
    remedy: "Take TensorFlow 2.16 or newer, or another engine.",
  });

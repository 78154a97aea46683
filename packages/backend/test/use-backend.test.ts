import * as tf from "@tensorflow/tfjs";
import { BackendError, useBackend, type BackendName } from "@polytask/backend";
import { expect, it } from "vitest";
import { held, tensor } from "./gradients.ts";

const onBoth = [
  "Einsum",
  "BatchMatMul",
  "UnsortedSegmentSum",
  "Max",
  "Min",
  "Prod",
  "Any",
  "All",
  "AvgPoolGrad",
  "AvgPool3DGrad",
  "ResizeNearestNeighborGrad",
];
const onWasm = [
  "_FusedMatMul",
  "Sum",
  "Mean",
  "GatherV2",
  "Cast",
  "ClipByValue",
  "Relu6",
  "OneHot",
  "Dilation2D",
  "Dilation2DBackpropInput",
  "Dilation2DBackpropFilter",
  "MaxPoolGrad",
  "MaxPool3DGrad",
  "Conv2DBackpropFilter",
  "Conv3DBackpropInputV2",
  "Conv3DBackpropFilterV2",
  "DepthwiseConv2dNativeBackpropInput",
  "DepthwiseConv2dNativeBackpropFilter",
];

it("sets the backend and reports the kernels it repaired", async () => {
  const cpu = await useBackend("cpu");
  expect(tf.getBackend()).toBe("cpu");
  expect({ ...cpu, repairs: [...cpu.repairs].sort() }).toEqual({
    name: "cpu",
    device: "JavaScript on one thread",
    repairs: [...onBoth, "TensorScatterUpdate"].sort(),
    passedOver: [],
  });

  const wasm = await useBackend("wasm");
  expect(tf.getBackend()).toBe("wasm");
  expect({ ...wasm, repairs: [...wasm.repairs].sort() }).toEqual({
    name: "wasm",
    device: "WebAssembly on one thread",
    repairs: [...onBoth, ...onWasm].sort(),
    passedOver: [],
  });
});

it("is harmless to repeat", async () => {
  const first = await useBackend("wasm");
  const kernels = tf.getKernelsForBackend("wasm");
  expect(await useBackend("wasm")).toEqual(first);
  expect(tf.getKernelsForBackend("wasm").every((kernel) => kernels.includes(kernel))).toBe(true);
});

it("switches both ways; tensors from one backend work on the other and leave no buffer behind", async () => {
  await useBackend("wasm");
  const before = held();
  await useBackend("cpu");
  const x = tensor([40, 30]);
  await useBackend("wasm");
  const y = tf.matMul(x, x, true);
  await useBackend("cpu");
  const z = tf.matMul(x, x, true);
  const far = tf.tidy(() => tf.max(tf.abs(tf.sub(y, z))));
  expect((await far.data())[0]).toBeLessThan(1e-4);
  tf.dispose([x, y, z, far]);
  await useBackend("wasm");
  expect(held()).toEqual(before);
});

it("refuses a name it does not know and keeps the backend in use", async () => {
  await useBackend("cpu");
  const refused = useBackend("webgl" as BackendName);
  await expect(refused).rejects.toThrow(BackendError);
  await expect(refused).rejects.toMatchObject({
    code: "POLYTASK_BACKEND_UNKNOWN",
    message:
      'useBackend needs one of "auto", "tensorflow-gpu", "webgpu", "tensorflow", "wasm", "cpu"; found "webgl". Pass one of these names. (POLYTASK_BACKEND_UNKNOWN)',
  });
  expect(tf.getBackend()).toBe("cpu");
});

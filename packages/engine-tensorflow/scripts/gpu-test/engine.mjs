// The engine with its copies counted: as `tensorflow()` makes it, over a context that counts.
import { coversDevice, createCompiledEngine, whileOneGroup } from "@polytask/compiled";
import { CONTRACT } from "@polytask/core";
import { openTensorflow } from "../../dist/library/open.js";
import { readOptions } from "../../dist/options.js";
import { deviceLoader, hostLoader } from "../../dist/program.js";

/** `counts` goes up while the engine runs. */
export function countedEngine(options) {
  const settings = readOptions(options);
  const counts = { calls: 0, toHost: 0, bytesToHost: 0, fromHost: 0, bytesFromHost: 0 };
  const start = (network) => async (device) => {
    const context = counted(await openTensorflow(settings), counts);
    const runtime = {
      loader: hostLoader(context, settings),
      device: {
        loader: (store) => deviceLoader(context, store, settings),
        tensor: (values, shape) => context.tensor(values, shape, "float32"),
      },
      close: async () => context.close(),
    };
    const how = { simd: true, worker: false, lean: false, device };
    return createCompiledEngine(network, runtime, how, () => undefined);
  };
  const engine = {
    kind: "engine",
    name: "engine-tensorflow-counted",
    contract: CONTRACT,
    create: ({ network }) =>
      coversDevice(network) ? whileOneGroup(start(network)) : start(network)(false),
  };
  return { engine, counts };
}

const counted = (context, counts) => ({
  ...context,
  call: (...args) => {
    counts.calls++;
    return context.call(...args);
  },
  read: (handle, into) => {
    counts.toHost++;
    counts.bytesToHost += into.byteLength;
    context.read(handle, into);
  },
  tensor: (values, ...others) => {
    counts.fromHost++;
    counts.bytesFromHost += values.byteLength;
    return context.tensor(values, ...others);
  },
});

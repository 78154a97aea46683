// The engine with its copies counted: as `tensorflow()` makes it, over a context that counts.
import { compiledEngine } from "../../dist/engine.js";
import { openTensorflow } from "../../dist/library/open.js";
import { readOptions } from "../../dist/options.js";

/** `counts` goes up while the engine runs. */
export function countedEngine(options) {
  const settings = readOptions(options);
  const counts = { calls: 0, toHost: 0, bytesToHost: 0, fromHost: 0, bytesFromHost: 0 };
  const open = async () => counted(await openTensorflow(settings), counts);
  return { engine: compiledEngine(settings, options, open), counts };
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

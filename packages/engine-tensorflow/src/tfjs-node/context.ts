import { DATA_TYPE } from "../function/proto.ts";
import type { Context, Handle } from "../library/context.ts";
import { refused } from "../library/errors.ts";
import type { Binding } from "./binding.ts";
import { functionModel } from "./function-model.ts";
import { loadThroughFolder } from "./load.ts";

interface LoadedFunction {
  readonly session: number;
  /** Names with commas between. */
  readonly inputs: string;
  readonly outputs: string;
}

/** TensorFlow as tfjs-node runs it: every function is a SavedModel, whose inputs and results are in the host's memory. */
export function createContext(binding: Binding): Context {
  const functions = new Map<string, LoadedFunction>();

  const handle = (id: number): Handle => {
    let open = true;
    return {
      pointer: id,
      dispose: () => {
        if (open) binding.deleteTensor(id);
        open = false;
      },
    };
  };

  const find = (name: string): LoadedFunction => {
    const found = functions.get(name);
    if (!found) throw new Error(`unreachable: no function ${name}`);
    return found;
  };

  const remove = (name: string): void => {
    binding.deleteSavedModel(find(name).session);
    functions.delete(name);
  };

  return {
    devices: [{ name: "tfjs-node", type: binding.isUsingGpuDevice() ? "GPU" : "CPU" }],
    add: (definition) => {
      const { bytes, inputs, outputs } = functionModel(definition);
      const session = asked("a graph", () => loadThroughFolder(binding, bytes));
      functions.set(definition.name, { session, inputs: inputs.join(), outputs: outputs.join() });
    },
    remove,
    call: (name, inputs) => {
      const known = find(name);
      const ids = inputs.map(({ pointer }) => Number(pointer));
      const found = asked("to run a graph", () =>
        binding.runSavedModel(known.session, ids, known.inputs, known.outputs),
      );
      return found.map(({ id }) => handle(id));
    },
    // The addon does not copy, and the memory may change while the tensor is in use.
    tensor: (values, shape, dtype) =>
      handle(binding.createTensor(shape, DATA_TYPE[dtype], values.slice())),
    read: ({ pointer }, into) => {
      const values = binding.tensorDataSync(Number(pointer));
      if (values.byteLength !== into.byteLength) {
        throw new Error(`unreachable: ${values.byteLength} bytes for ${into.byteLength}`);
      }
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    },
    close: () => {
      for (const name of [...functions.keys()]) remove(name);
    },
  };
}

/** What the addon gives; its errors hold TensorFlow's words. */
function asked<Result>(what: string, ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    throw refused(what, error instanceof Error ? error.message : String(error));
  }
}

/** Runs a SavedModel in TensorFlow's C library, which knows nothing of what wrote it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import type { ReadTensor } from "./saved-model-reader.ts";

/** Where tests find a TensorFlow; without one, those that run it are skipped. */
const library = process.env["POLYTASK_TENSORFLOW"];
export const isThere: boolean = library !== undefined && existsSync(library);

/** Numbers of an input: TensorFlow's number for their type is that of the signature. */
interface Feed {
  readonly tensor: ReadTensor;
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

export interface Session {
  readonly run: (
    feeds: readonly Feed[],
    fetches: readonly ReadTensor[],
  ) => readonly { readonly shape: readonly number[]; readonly values: Float32Array }[];
  readonly close: () => void;
}

const declarations = {
  newStatus: "intptr_t TF_NewStatus()",
  code: "int TF_GetCode(intptr_t)",
  message: "const char *TF_Message(intptr_t)",
  newGraph: "intptr_t TF_NewGraph()",
  deleteGraph: "void TF_DeleteGraph(intptr_t)",
  newOptions: "intptr_t TF_NewSessionOptions()",
  deleteOptions: "void TF_DeleteSessionOptions(intptr_t)",
  load: "intptr_t TF_LoadSessionFromSavedModel(intptr_t, intptr_t, const char *, const char **, int, intptr_t, intptr_t, intptr_t)",
  closeSession: "void TF_CloseSession(intptr_t, intptr_t)",
  deleteSession: "void TF_DeleteSession(intptr_t, intptr_t)",
  operation: "intptr_t TF_GraphOperationByName(intptr_t, const char *)",
  // A TF_Output is an address and an int, padded to 16 bytes: two of an int64 array.
  sessionRun:
    "void TF_SessionRun(intptr_t, intptr_t, const int64_t *, const int64_t *, int, const int64_t *, _Inout_ int64_t *, int, intptr_t, int, intptr_t, intptr_t)",
  allocate: "intptr_t TF_AllocateTensor(int, const int64_t *, int, size_t)",
  data: "intptr_t TF_TensorData(intptr_t)",
  bytes: "size_t TF_TensorByteSize(intptr_t)",
  rank: "int TF_NumDims(intptr_t)",
  length: "int64_t TF_Dim(intptr_t, int)",
  deleteTensor: "void TF_DeleteTensor(intptr_t)",
};
type Api = Readonly<
  Record<keyof typeof declarations, (...args: readonly unknown[]) => number | bigint>
>;

let api: Api | undefined;

function open(): Api {
  if (api) return api;
  // Else TensorFlow tells of every model that it loads.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  const paths = ["libtensorflow_framework.so.2", "libtensorflow_cc.so.2"].map((name) =>
    join(library ?? "", name),
  );
  // TensorFlow's threads outlive what loads it: koffi may not close it. Now, global, never.
  const dlopen = koffi.load(null).func("intptr_t dlopen(const char *, int)") as (
    path: string,
    flags: number,
  ) => number;
  for (const path of paths) dlopen(path, 2 | 0x100 | 0x1000);
  const libraries = paths.map((path) => koffi.load(path, { global: true, lazy: true }));
  const find = (declaration: string): unknown => {
    try {
      return libraries[1].func(declaration);
    } catch {
      return libraries[0].func(declaration);
    }
  };
  api = Object.fromEntries(
    Object.entries(declarations).map(([name, declaration]) => [name, find(declaration)]),
  ) as Api;
  return api;
}

/** Loads the graph of the folder that has the tag "serve". */
export function openSavedModel(folder: string): Session {
  const tf = open();
  const status = tf.newStatus();
  const check = (): void => {
    if (tf.code(status) !== 0) throw new Error(String(tf.message(status)));
  };
  const graph = tf.newGraph();
  const options = tf.newOptions();
  const session = tf.load(options, 0, folder, ["serve"], 1, graph, 0, status);
  tf.deleteOptions(options);
  check();

  /** The TF_Outputs of "node:place". */
  const places = (tensors: readonly ReadTensor[]): BigInt64Array =>
    BigInt64Array.from(
      tensors.flatMap(({ name }) => {
        const [node, place] = name.split(":");
        const operation = tf.operation(graph, node);
        if (operation === 0) throw new Error(`the graph has no node ${node}`);
        return [BigInt(operation), BigInt(place)];
      }),
    );

  const tensorOf = ({ tensor, values, shape }: Feed): bigint => {
    const dims = BigInt64Array.from(shape, BigInt);
    const made = tf.allocate(tensor.dtype, dims, shape.length, values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(koffi.view(tf.data(made), bytes.length)).set(bytes);
    return BigInt(made);
  };

  return {
    run: (feeds, fetches) => {
      const given = BigInt64Array.from(feeds, tensorOf);
      const results = new BigInt64Array(fetches.length);
      const [from, to] = [places(feeds.map(({ tensor }) => tensor)), places(fetches)];
      const counts = [given.length, results.length];
      tf.sessionRun(
        ...[session, 0, from, given, counts[0], to, results, counts[1], 0, 0, 0, status],
      );
      for (const tensor of given) tf.deleteTensor(tensor);
      check();
      return Array.from(results, (tensor) => {
        const shape = Array.from({ length: Number(tf.rank(tensor)) }, (_, i) =>
          Number(tf.length(tensor, i)),
        );
        const view = koffi.view(tf.data(tensor), Number(tf.bytes(tensor)));
        const values = new Float32Array(view).slice();
        tf.deleteTensor(tensor);
        return { shape, values };
      });
    },
    close: () => {
      tf.closeSession(session, status);
      tf.deleteSession(session, status);
      tf.deleteGraph(graph);
    },
  };
}

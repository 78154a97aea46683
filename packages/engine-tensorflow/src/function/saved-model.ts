import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { DType, Shape } from "@polytask/graph";
import {
  DATA_TYPE,
  type FunctionDef,
  integer,
  message,
  type NodeDef,
  type Ref,
  text,
  writeFunction,
  writeNode,
  writeShape,
} from "./proto.ts";

/** TensorInfo: a tensor of the graph under a name of a signature; −1 is a length that is not known. */
export interface SignatureTensor {
  readonly name: string;
  readonly of: Ref;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** SavedModel with one graph for serving. */
export interface SavedModel {
  readonly nodes: readonly NodeDef[];
  /** What nodes call. */
  readonly functions?: readonly FunctionDef[];
  readonly inputs: readonly SignatureTensor[];
  readonly outputs: readonly SignatureTensor[];
  /** Texts for those who read the file; TensorFlow leaves them alone. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What loaders ask for where they are told nothing else. */
export const TAG = "serve";
const SIGNATURE = "serving_default";
const METHOD = "tensorflow/serving/predict";

/** The last number of a producer that TensorFlow's version.h gives a meaning to. */
const PRODUCER = 27;

/** The bytes of a saved_model.pb. Field numbers below are those of saved_model.proto, meta_graph.proto and graph.proto. */
export function writeSavedModel(of: SavedModel): Uint8Array {
  const to = new BinaryWriter();
  integer(to, 1, 1);
  message(to, 2, () => {
    message(to, 1, () => text(to, 4, TAG));
    message(to, 2, () => writeGraph(to, of));
    for (const [name, value] of Object.entries(of.metadata)) {
      entry(to, 4, name, () => message(to, 2, () => text(to, 1, value)));
    }
    entry(to, 5, SIGNATURE, () => {
      for (const tensor of of.inputs) writeTensorInfo(to, 1, tensor);
      for (const tensor of of.outputs) writeTensorInfo(to, 2, tensor);
      text(to, 3, METHOD);
    });
  });
  return to.finish();
}

function writeGraph(to: BinaryWriter, { nodes, functions = [] }: SavedModel): void {
  for (const node of nodes) message(to, 1, () => writeNode(to, node, inGraph));
  message(to, 2, () => {
    for (const one of functions) to.tag(1, WireType.LengthDelimited).bytes(writeFunction(one));
  });
  message(to, 4, () => integer(to, 1, PRODUCER));
}

/** How a node of a graph names what it reads. */
const inGraph = ({ node, index = 0 }: Ref): string => (index === 0 ? node : `${node}:${index}`);

/** How feeds and fetches name it. */
export const tensorName = ({ node, index = 0 }: Ref): string => `${node}:${index}`;

function writeTensorInfo(
  to: BinaryWriter,
  field: number,
  { name, of, dtype, shape }: SignatureTensor,
): void {
  entry(to, field, name, () => {
    text(to, 1, tensorName(of));
    integer(to, 2, DATA_TYPE[dtype]);
    message(to, 3, () => writeShape(to, shape));
  });
}

/** One entry of a map from names to messages. */
function entry(to: BinaryWriter, field: number, name: string, write: () => void): void {
  message(to, field, () => {
    text(to, 1, name);
    message(to, 2, write);
  });
}

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { DType, Shape } from "@polytask/graph";

/** Element types of types.proto that we use. */
export const DATA_TYPE: Readonly<Record<DType, number>> = { float32: 1, int32: 3, bool: 10 };

/** A result of a node, or an input of the function. */
export interface Ref {
  readonly node: string;
  /** The op's name for the result; undefined for an input of the function. */
  readonly result?: string;
  /** Its place among all results of the node, each of which is one tensor. */
  readonly index?: number;
}

/** TensorProto: numbers as little-endian bytes, or one number for all. */
interface TensorValue {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly content: Uint8Array | number;
}

/** AttrValue, one of these; −1 in a shape is a length that is not known. */
type Attribute =
  | { readonly type: DType }
  | { readonly int: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
  | { readonly func: string }
  | { readonly ints: readonly number[] }
  | { readonly types: readonly DType[] }
  | { readonly shape: Shape }
  | { readonly tensor: TensorValue };

export type Attributes = Readonly<Record<string, Attribute>>;

/** NodeDef. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Ref[];
  /** Nodes of a graph that run before, though it does not read them. */
  readonly after?: readonly string[];
  readonly attributes: Attributes;
}

/** An input or output of a function. */
interface Argument {
  readonly name: string;
  readonly dtype: DType;
}

/** FunctionDef. */
export interface FunctionDef {
  readonly name: string;
  readonly inputs: readonly Argument[];
  readonly outputs: readonly (Argument & { readonly of: Ref })[];
  readonly nodes: readonly NodeDef[];
  readonly attributes: Attributes;
}

/** The bytes of a function. Field numbers below are those of function.proto, op_def.proto, node_def.proto and so on. */
export function writeFunction(of: FunctionDef): Uint8Array {
  const to = new BinaryWriter();
  message(to, 1, () => {
    text(to, 1, of.name);
    for (const input of of.inputs) message(to, 2, () => writeArgument(to, input));
    for (const output of of.outputs) message(to, 3, () => writeArgument(to, output));
  });
  for (const node of of.nodes) message(to, 3, () => writeNode(to, node, inFunction));
  for (const output of of.outputs) {
    message(to, 4, () => {
      text(to, 1, output.name);
      text(to, 2, inFunction(output.of));
    });
  }
  writeAttributes(to, 5, of.attributes);
  return to.finish();
}

/** How a node of a function names what it reads. */
const inFunction = ({ node, result }: Ref): string =>
  result === undefined ? node : `${node}:${result}:0`;

function writeArgument(to: BinaryWriter, { name, dtype }: Argument): void {
  text(to, 1, name);
  integer(to, 3, DATA_TYPE[dtype]);
}

export function writeNode(to: BinaryWriter, node: NodeDef, nameOf: (of: Ref) => string): void {
  text(to, 1, node.name);
  text(to, 2, node.op);
  for (const input of node.inputs) text(to, 3, nameOf(input));
  for (const name of node.after ?? []) text(to, 3, `^${name}`);
  writeAttributes(to, 5, node.attributes);
}

/** A map from names. */
function writeAttributes(to: BinaryWriter, field: number, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    message(to, field, () => {
      text(to, 1, name);
      message(to, 2, () => writeAttribute(to, value));
    });
  }
}

function writeAttribute(to: BinaryWriter, value: Attribute): void {
  if ("type" in value) integer(to, 6, DATA_TYPE[value.type]);
  else if ("int" in value) to.tag(3, WireType.Varint).int64(value.int);
  else if ("bool" in value) to.tag(5, WireType.Varint).bool(value.bool);
  else if ("text" in value) text(to, 2, value.text);
  else if ("bytes" in value) to.tag(2, WireType.LengthDelimited).bytes(value.bytes);
  else if ("func" in value) message(to, 10, () => text(to, 1, value.func));
  else if ("shape" in value) message(to, 7, () => writeShape(to, value.shape));
  else if ("tensor" in value) message(to, 8, () => writeTensor(to, value.tensor));
  else if ("ints" in value) {
    message(to, 1, () => {
      for (const item of value.ints) to.tag(3, WireType.Varint).int64(item);
    });
  } else {
    message(to, 1, () => {
      for (const type of value.types) integer(to, 6, DATA_TYPE[type]);
    });
  }
}

export function writeShape(to: BinaryWriter, shape: Shape): void {
  for (const size of shape) message(to, 2, () => to.tag(1, WireType.Varint).int64(size));
}

function writeTensor(to: BinaryWriter, { dtype, shape, content }: TensorValue): void {
  integer(to, 1, DATA_TYPE[dtype]);
  message(to, 2, () => writeShape(to, shape));
  if (typeof content !== "number") to.tag(4, WireType.LengthDelimited).bytes(content);
  else if (dtype === "float32") to.tag(5, WireType.Bit32).float(content);
  else if (dtype === "int32") integer(to, 7, content);
  else to.tag(11, WireType.Varint).bool(content !== 0);
}

export function message(to: BinaryWriter, field: number, write: () => void): void {
  to.tag(field, WireType.LengthDelimited).fork();
  write();
  to.join();
}

export function text(to: BinaryWriter, field: number, value: string): void {
  to.tag(field, WireType.LengthDelimited).string(value);
}

export function integer(to: BinaryWriter, field: number, value: number): void {
  to.tag(field, WireType.Varint).int32(value);
}

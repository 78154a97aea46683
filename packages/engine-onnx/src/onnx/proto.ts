import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Element types of onnx.proto that we use. */
export const DATA_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type OnnxType = keyof typeof DATA_TYPE;

/** An axis length: a number, or a name for one that is known only when the model runs. */
type OnnxDim = number | string;

/** TensorProto, numbers as little-endian bytes. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export type OnnxAttribute =
  number | string | readonly number[] | OnnxTensor | { readonly float: number };

/** NodeProto; a plain number is an attribute of type int. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** ValueInfoProto of a tensor, or of a sequence of such tensors. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly OnnxDim[];
  readonly sequence?: boolean;
}

/** ModelProto with its graph. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Opset 20 is the first with all that node.ts needs; IR version 9 came with it. */
const OPSET = 20;
const IR_VERSION = 9;

/** The bytes of an .onnx file. Field numbers below are those of onnx.proto. */
export function writeModel(model: OnnxModel): Uint8Array {
  const to = new BinaryWriter();
  integer(to, 1, IR_VERSION);
  text(to, 2, "polytask");
  message(to, 8, () => integer(to, 2, OPSET));
  message(to, 7, () => writeGraph(to, model));
  for (const [key, value] of Object.entries(model.metadata)) {
    message(to, 14, () => {
      text(to, 1, key);
      text(to, 2, value);
    });
  }
  return to.finish();
}

function writeGraph(to: BinaryWriter, { nodes, initializers, inputs, outputs }: OnnxModel): void {
  for (const node of nodes) message(to, 1, () => writeNode(to, node));
  text(to, 2, "polytask");
  for (const tensor of initializers) message(to, 5, () => writeTensor(to, tensor));
  for (const value of inputs) message(to, 11, () => writeValueInfo(to, value));
  for (const value of outputs) message(to, 12, () => writeValueInfo(to, value));
}

function writeNode(to: BinaryWriter, { op, inputs, outputs, attributes }: OnnxNode): void {
  for (const name of inputs) text(to, 1, name);
  for (const name of outputs) text(to, 2, name);
  text(to, 3, outputs[0]);
  text(to, 4, op);
  for (const name in attributes) {
    message(to, 5, () => writeAttribute(to, name, attributes[name]));
  }
}

function writeAttribute(to: BinaryWriter, name: string, value: OnnxAttribute): void {
  text(to, 1, name);
  if (typeof value === "number") {
    to.tag(3, WireType.Varint).int64(value);
    integer(to, 20, 2);
  } else if (typeof value === "string") {
    text(to, 4, value);
    integer(to, 20, 3);
  } else if ("float" in value) {
    to.tag(2, WireType.Bit32).float(value.float);
    integer(to, 20, 1);
  } else if ("bytes" in value) {
    message(to, 5, () => writeTensor(to, value));
    integer(to, 20, 4);
  } else {
    for (const item of value) to.tag(8, WireType.Varint).int64(item);
    integer(to, 20, 7);
  }
}

function writeTensor(to: BinaryWriter, { name, type, shape, bytes }: OnnxTensor): void {
  for (const size of shape) to.tag(1, WireType.Varint).int64(size);
  integer(to, 2, DATA_TYPE[type]);
  text(to, 8, name);
  to.tag(9, WireType.LengthDelimited).bytes(bytes);
}

function writeValueInfo(to: BinaryWriter, value: OnnxValueInfo): void {
  text(to, 1, value.name);
  message(to, 2, () => {
    if (value.sequence) message(to, 4, () => message(to, 1, () => writeTensorType(to, value)));
    else writeTensorType(to, value);
  });
}

function writeTensorType(to: BinaryWriter, { type, shape }: OnnxValueInfo): void {
  message(to, 1, () => {
    integer(to, 1, DATA_TYPE[type]);
    message(to, 2, () => {
      for (const size of shape) {
        message(to, 1, () => {
          if (typeof size === "string") text(to, 2, size);
          else to.tag(1, WireType.Varint).int64(size);
        });
      }
    });
  });
}

function message(to: BinaryWriter, field: number, write: () => void): void {
  to.tag(field, WireType.LengthDelimited).fork();
  write();
  to.join();
}

function text(to: BinaryWriter, field: number, value: string): void {
  to.tag(field, WireType.LengthDelimited).string(value);
}

function integer(to: BinaryWriter, field: number, value: number): void {
  to.tag(field, WireType.Varint).int32(value);
}

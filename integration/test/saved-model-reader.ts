/** Reads a saved_model.pb without TensorFlow: field numbers are those of saved_model.proto, meta_graph.proto and graph.proto. */

/** The fields of a message, by number; nothing that is read here has other wire types than these. */
type Message = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

function parse(bytes: Uint8Array): Message {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const run = (length: number): Uint8Array => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = varint();
    const [field, type] = [tag >>> 3, tag & 7];
    if (![0, 2, 5].includes(type)) throw new Error(`wire type ${type} at ${at}`);
    const value = type === 0 ? varint() : run(type === 2 ? varint() : 4);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const all = (of: Message, field: number): readonly Message[] =>
  (of.get(field) ?? []).map((value) => parse(value as Uint8Array));
const first = (of: Message, field: number): Message => all(of, field)[0];
const decoder = new TextDecoder();
const texts = (of: Message, field: number): readonly string[] =>
  (of.get(field) ?? []).map((value) => decoder.decode(value as Uint8Array));
const text = (of: Message, field: number): string => texts(of, field)[0];
const map = <Value>(of: Message, field: number, read: (value: Message) => Value) =>
  Object.fromEntries(all(of, field).map((entry) => [text(entry, 1), read(first(entry, 2))]));

export interface ReadTensor {
  /** "node:place". */
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
}

const tensorInfo = (of: Message): ReadTensor => ({
  name: text(of, 1),
  dtype: of.get(2)?.[0] as number,
  shape: all(first(of, 3), 2).map((dim) => dim.get(1)?.[0] as number),
});

export interface ReadModel {
  readonly schemaVersion: unknown;
  readonly tags: readonly string[];
  readonly nodes: readonly {
    readonly name: string;
    readonly op: string;
    readonly inputs: readonly string[];
  }[];
  readonly collections: Readonly<Record<string, readonly string[]>>;
  readonly signatures: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, ReadTensor>>;
        readonly outputs: Readonly<Record<string, ReadTensor>>;
        readonly method: string;
      }
    >
  >;
}

export function readSavedModel(bytes: Uint8Array): ReadModel {
  const model = parse(bytes);
  const meta = first(model, 2);
  return {
    schemaVersion: model.get(1)?.[0],
    tags: texts(first(meta, 1), 4),
    nodes: all(first(meta, 2), 1).map((node) => ({
      name: text(node, 1),
      op: text(node, 2),
      inputs: texts(node, 3),
    })),
    collections: map(meta, 4, (collection) => texts(first(collection, 2), 1)),
    signatures: map(meta, 5, (signature) => ({
      inputs: map(signature, 1, tensorInfo),
      outputs: map(signature, 2, tensorInfo),
      method: text(signature, 3),
    })),
  };
}

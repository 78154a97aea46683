import { ancestors, type Node, sameShape, type Shape, sizeOf } from "@polytask/graph";
import { encodeBody, type NamedOutput } from "./body.ts";
import type { Emitter } from "./emitter.ts";
import { IN_PLACE, inPlace } from "./in-place.ts";
import { type Neighbours, neighbouringViews, pieceOf, type View } from "./neighbours.ts";
import { writeModel } from "./proto.ts";

/** A model of fixed shapes. */
export interface EncodedModel {
  /** ONNX ModelProto. */
  readonly bytes: Uint8Array;
  /** The pieces of memory that it reads. */
  readonly inputs: readonly NamedView[];
  readonly outputs: readonly NamedOutput<Node>[];
}

interface NamedView {
  readonly name: string;
  readonly view: View;
}

export interface EncodeOptions {
  /**
   * Whether the model has the output that keeps onnxruntime-node from copying results. Default true; false for results
   * that stay on a device, whose places the runtime counts without it.
   */
  readonly inPlace?: boolean;
  /** How many small pieces of memory an input may hold: a device writes a few arrays at once. Default: as many as there are. */
  readonly pieces?: number;
}

/**
 * Nodes of a graph as an ONNX model: float32, int32 and bool, opset 20.
 *
 * What the outputs read becomes inputs: one per piece of memory, and one for small pieces that are neighbours.
 */
export function encode(
  outputs: readonly NamedOutput<Node>[],
  options: EncodeOptions = {},
): EncodedModel {
  const extra = (options.inPlace ?? true) ? [inPlace] : [];
  const groups = neighbouringViews(
    ancestors(outputs.map(({ node }) => node)),
    options.pieces ?? Infinity,
  );
  const inputs = groups.map((group) => ({ name: nameOf(group), view: group.whole }));
  const groupOf = new Map(groups.flatMap((group) => group.pieces.map((p) => [pieceOf(p), group])));
  const taken = new Map<string, NamedPiece>();
  const { nodes, initializers } = encodeBody(outputs, {
    names: [IN_PLACE, inPlace.initializer.name, ...inputs.map(({ name }) => name)],
    read: (value, to) => {
      const view = value as View;
      const piece = pieceOf(view);
      const group = groupOf.get(piece);
      if (group && !taken.has(piece)) {
        for (const part of takeApart(group, to)) taken.set(part.piece, part);
      }
      const { name, shape } = taken.get(piece) as NamedPiece;
      return sameShape(shape, view.shape) ? name : to.reshape(name, view.shape);
    },
    batch: () => {
      throw new Error("a model of fixed shapes asks for no batch");
    },
  });
  const bytes = writeModel({
    nodes: [...nodes, ...extra.map(({ node }) => node)],
    initializers: [...initializers, ...extra.map(({ initializer }) => initializer)],
    inputs: inputs.map(({ name, view }) => ({ name, type: view.dtype, shape: view.shape })),
    outputs: [
      ...extra.map(({ output }) => output),
      ...outputs.map(({ name, node }) => ({ name, type: node.dtype, shape: node.shape })),
    ],
    metadata: {},
  });
  return { bytes, inputs, outputs };
}

/** Pieces may overlap: what several make up may also be one by itself. */
const nameOf = ({ whole, pieces }: Neighbours): string =>
  pieces.length === 1 ? pieceOf(whole) : `${pieceOf(whole)} in ${pieces.length}`;

interface NamedPiece {
  readonly piece: string;
  readonly name: string;
  readonly shape: Shape;
}

/** The names of a group's pieces: the input itself, or what a Split makes of it. */
function takeApart(group: Neighbours, to: Emitter): readonly NamedPiece[] {
  const { whole, pieces } = group;
  const input = nameOf(group);
  if (pieces.length === 1) return [{ piece: input, name: input, shape: whole.shape }];
  const sizes = pieces.map(({ shape }) => sizeOf(shape));
  const names = to.split("Split", [input, to.int64(sizes)], { axis: 0 }, sizes.length);
  return pieces.map((view, i) => ({ piece: pieceOf(view), name: names[i], shape: [sizes[i]] }));
}

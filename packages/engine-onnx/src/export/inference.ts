import type { Network, TrainerState } from "@polytask/core";
import type { ColumnLayouts } from "@polytask/core/engine";
import {
  columnSpace,
  type Layout,
  layoutOf,
  type PassInputs,
  SPACE,
  traceScores,
} from "@polytask/graph";
import { encodeBody } from "../onnx/body.ts";
import { type Dim, dimOf, isFixed } from "../onnx/dim.ts";
import type { OnnxDim, OnnxModel, OnnxValueInfo } from "../onnx/proto.ts";
import { nameTwice, noisy } from "./errors.ts";
import { type ColumnInput, exportSource, type KnownMemory, pieceKey } from "./source.ts";
import { unify } from "./unify.ts";

/** Encoder, model and links of a network, with the parameters of a saved state, for batches of any size. */
export function inferenceModel<Name extends string>(
  network: Network<Name>,
  columns: ColumnLayouts,
  state: TrainerState,
): OnnxModel {
  const { tasks } = network;
  for (const name of tasks) if (Object.hasOwn(columns, name)) throw nameTwice(name);
  const layout = layoutOf(network);
  const traces = batchSizes(network, columns).map((size) => ({
    size,
    ...traceScores(network, layout, { size, tasks, columns }, { link: true }),
  }));
  const [{ inputs: asked }] = traces;
  if (asked.noise.length > 0) throw noisy();
  const values = unify(
    traces.map(({ size, scores }) => ({ size, outputs: scores.map(({ value }) => value) })),
  );

  const inputs = Object.entries(columns).map(([name, { shape, dtype }]): ColumnInput => {
    return { name, dtype, shape: [dimOf(1, 0), ...shape] };
  });
  const outputs = tasks.map((name, i) => ({ name, node: values[i] }));
  const source = exportSource(
    new Map(inputs.map((input) => [columnSpace(input.name), input])),
    memoriesOf(layout, asked, state, new Set([...tasks, ...Object.keys(columns)])),
  );
  const fitted = state.parts["encoder"];
  return {
    ...encodeBody(outputs, source),
    inputs: inputs.map(({ name, dtype, shape }) => valueInfo(name, dtype, shape)),
    outputs: outputs.map(({ name, node: { dtype, shape } }) => valueInfo(name, dtype, shape)),
    metadata: fitted === undefined ? {} : { "polytask.encoder": JSON.stringify(fitted) },
  };
}

/** Three sizes that no other axis has, so that a length shows where it comes from. */
function batchSizes<Name extends string>(
  network: Network<Name>,
  columns: ColumnLayouts,
): readonly number[] {
  const shapes = [
    ...[...network.parameters, ...network.buffers].map(({ variable }) => variable.shape),
    ...Object.values(columns).map(({ shape }) => shape),
  ];
  const taken = new Set(shapes.flat());
  return [97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173]
    .filter((size) => !taken.has(size))
    .slice(0, 3);
}

/** Parameters and buffers of the state, and what the host would compute at its step. */
function memoriesOf<Name extends string>(
  layout: Layout<Name>,
  { hosts }: PassInputs,
  { variables, step, epoch }: TrainerState,
  taken: ReadonlySet<string>,
): ReadonlyMap<string, KnownMemory> {
  const placed = (
    size: number,
    pieces: readonly { readonly name: string; readonly at: number; readonly size: number }[],
  ): KnownMemory => {
    const values = new Float32Array(size);
    for (const { name, at } of pieces) values.set(variables[name].values, at);
    // ONNX has one space of names.
    const free = pieces.filter(({ name }) => !taken.has(name));
    return {
      values,
      names: new Map(free.map((piece) => [pieceKey(piece.at, piece.size), piece.name])),
    };
  };
  const parameters = layout.parameters.map(({ of, at, size }) => ({
    name: of.info.name,
    at,
    size,
  }));
  const buffers = layout.buffers.map(({ of, at, size }) => ({ name: of.name, at, size }));
  return new Map([
    [SPACE.parameters, placed(layout.parameterSize, parameters)],
    [SPACE.buffers, placed(layout.bufferSize, buffers)],
    ...hosts.map(({ space, read }): [string, KnownMemory] => [
      space,
      { values: Float32Array.from(read({ step, epoch })), names: new Map() },
    ]),
  ]);
}

const valueInfo = (
  name: string,
  type: OnnxValueInfo["type"],
  shape: readonly Dim[],
): OnnxValueInfo => ({ name, type, shape: shape.map(nameOf) });

/** "batch", or what is made of it. */
function nameOf(dim: Dim): OnnxDim {
  if (isFixed(dim)) return dim;
  const { perExample, plus } = dim;
  const scaled = perExample === 1 ? "batch" : `${perExample}*batch`;
  return plus === 0 ? scaled : `${scaled}+${plus}`;
}

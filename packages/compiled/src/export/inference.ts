import type { Network, Trainer, TrainerState } from "@polytask/core";
import { type ColumnLayouts, columnsOf, networkOf } from "@polytask/core/engine";
import { columnSpace, type DType, layoutOf, traceScores } from "@polytask/graph";
import { type Dim, dimOf } from "./dim.ts";
import { nameTwice, noisy, type Refuse, unknownColumns } from "./errors.ts";
import { type ExportedModel, exportedTensor, type ExportOptions } from "./exported.ts";
import { type KnownMemory, knownMemories } from "./known-memories.ts";
import { unify } from "./unify.ts";
import type { Value } from "./value.ts";

/** A column that the encoder prepares, as an input. */
export interface InferenceInput {
  readonly name: string;
  readonly dtype: DType;
  /** With the batch in front. */
  readonly shape: readonly Dim[];
}

/** Encoder, model and links of a trainer, for batches of any size. */
export interface Inference {
  /** By the memories that views read them from. */
  readonly inputs: ReadonlyMap<string, InferenceInput>;
  /** Predictions, by the tasks' names. */
  readonly outputs: readonly { readonly name: string; readonly node: Value }[];
  /** Everything else that is read. */
  readonly memories: ReadonlyMap<string, KnownMemory>;
  /** What the encoder has fitted, by name, as JSON: for the metadata of a file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What a file's readers see of it. */
  readonly exported: ExportedModel;
}

/** Traces what `trainer.predict` computes, with the parameters of the moment. */
export async function inferenceOf<Name extends string>(
  trainer: Trainer<Name>,
  options: ExportOptions,
  refuse: Refuse,
): Promise<Inference> {
  const network = networkOf(trainer);
  const columns = await preparedColumns(network, options, refuse);
  return traceInference(network, columns, await trainer.state(), refuse);
}

async function preparedColumns<Name extends string>(
  { encoder }: Network<Name>,
  { inputs }: ExportOptions,
  refuse: Refuse,
): Promise<ColumnLayouts> {
  const columns = inputs === undefined ? columnsOf(encoder) : await encoder.prepare(inputs);
  if (Object.keys(columns).length === 0) throw refuse(unknownColumns);
  return columns;
}

function traceInference<Name extends string>(
  network: Network<Name>,
  columns: ColumnLayouts,
  state: TrainerState,
  refuse: Refuse,
): Inference {
  const { tasks } = network;
  for (const name of tasks) if (Object.hasOwn(columns, name)) throw refuse(nameTwice(name));
  const layout = layoutOf(network);
  const traces = batchSizes(network, columns).map((size) => ({
    size,
    ...traceScores(network, layout, { size, tasks, columns }, { link: true }),
  }));
  const [{ inputs: asked }] = traces;
  if (asked.noise.length > 0) throw refuse(noisy);
  const values = unify(
    traces.map(({ size, scores }) => ({ size, outputs: scores.map(({ value }) => value) })),
    refuse,
  );

  const inputs = Object.entries(columns).map(([name, { shape, dtype }]): InferenceInput => ({
    name,
    dtype,
    shape: [dimOf(1, 0), ...shape],
  }));
  const outputs = tasks.map((name, i) => ({ name, node: values[i] }));
  const fitted = state.parts["encoder"];
  return {
    inputs: new Map(inputs.map((input) => [columnSpace(input.name), input])),
    outputs,
    memories: knownMemories(layout, asked, state),
    metadata: fitted === undefined ? {} : { "polytask.encoder": JSON.stringify(fitted) },
    exported: {
      inputs: inputs.map(({ name, dtype, shape }) => exportedTensor(name, dtype, shape)),
      outputs: outputs.map(({ name, node: { dtype, shape } }) =>
        exportedTensor(name, dtype, shape),
      ),
    },
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

import type { Network, Outputs } from "@polytask/core";
import {
  gradientsOf,
  labelledLoss,
  onTape,
  penaltyOf,
  scoresOf,
  traceWeights,
  type Weighed,
} from "@polytask/core/engine";
import * as tf from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor1D, Variable } from "@tensorflow/tfjs";
import { constantOf, Graph } from "../graph.ts";
import { type Backward, type Diagnostic, vectorise } from "../jacobian/vectorise.ts";
import { type DType, type Node, type Shape, sizeOf } from "../node.ts";
import { add } from "../ops/index.ts";
import type { Recording } from "../recording.ts";
import { trace, type Tracer } from "../trace.ts";
import { type PassInputs, tracedPass } from "./inputs.ts";
import { blockOf, gramianOf } from "./kept.ts";
import type { JacobianBlock, Layout } from "./layout.ts";
import { type RowUpdates, rowUpdatesOf } from "./sparse.ts";
import { bindVariables, columnSpace, SPACE } from "./spaces.ts";
import { watched } from "./watched.ts";

/** Everything about a group of examples that decides how its step is compiled. */
export interface GroupShape<Name extends string = string> {
  readonly size: number;
  readonly tasks: readonly Name[];
  readonly columns: Readonly<Record<string, { readonly shape: Shape; readonly dtype: DType }>>;
  /** Whether some label may be missing. */
  readonly masked: boolean;
  /** Whether every task has a label in the step for certain. */
  readonly everyone: boolean;
}

/** What is wanted of a group. */
export interface GatherWish {
  /** One gradient per task, or the weighted sum's at once. */
  readonly rows: boolean;
  /** Share of this group in what every group adds once: penalties. */
  readonly share: number;
  /** Whether tables' gradients may be handed out as the rows that were looked up. */
  readonly sparse: boolean;
  /** Whether the losses are weighed beside rows: where they are those of the whole step. Without rows they always are. */
  readonly weighs?: boolean;
}

/** The traced step on one group: losses and gradients out, nothing changed. */
export interface GatherStep {
  readonly graph: Graph;
  readonly inputs: PassInputs;
  /** What the trace fixed, to be compared with a later one. */
  readonly recording: Recording;
  /** Raw losses [T]; 0 for tasks that are not of this group. */
  readonly losses: Node;
  /** Effective weights [T], where losses are weighed. */
  readonly weights?: Node;
  /** Gradient of the weighting at the extras, where losses are weighed beside rows; otherwise it is in `rest`. */
  readonly extras?: readonly (Node | undefined)[];
  /** Rows of J per block of the layout, [rows, …parameter], or their inner products; undefined where it is 0. */
  readonly jacobian: readonly (Node | undefined)[];
  /** The backward pass of Σ w_k·L_k at the parameters, over symbolic w, where rows are wanted. */
  readonly backward?: Backward;
  /** The same as of J, per block of the layout's last shared layer, where norms are needed. */
  readonly lastShared: readonly (Node | undefined)[];
  /** ∇L_k at the parameters of one task k, where rows are wanted. By parameter. */
  readonly own: readonly (Node | undefined)[];
  /** Gradient of the penalties (with rows), or of everything. By parameter, then by extra. */
  readonly rest: readonly (Node | undefined)[];
  /** In place of `own` or `rest`: the gradient of a table, as rows. By parameter. */
  readonly tables: readonly (readonly RowUpdates[] | undefined)[];
  readonly assigned: readonly { readonly variable: Variable; readonly value: Node }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Traces what the eager engine computes for a group of examples. */
export function traceGather<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  shape: GroupShape<Name>,
  wish: GatherWish,
): GatherStep {
  const graph = new Graph();
  const inputs: PassInputs = { noise: [], hosts: [] };
  const found = trace((tracer) => {
    bindVariables(tracer, layout);
    const parts = watched(network, tracer);
    return onTape(() => {
      const forward = runForward(tracer, parts, shape, wish, inputs);
      const recording = [...tracer.recording];
      const found = runBackward(tracer, parts, layout, wish, forward);
      return { ...(wish.sparse ? tablesApart(graph, parts, wish, found) : found), recording };
    });
  }, graph);
  return { graph, inputs, ...found };
}

/** What a trace of the same step would fix now. */
export const recordGather = <Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  shape: GroupShape<Name>,
  wish: GatherWish,
): Recording =>
  trace((tracer) => {
    bindVariables(tracer, layout);
    const parts = watched(network, tracer);
    return onTape(() => {
      runForward(tracer, parts, shape, wish, { noise: [], hosts: [] });
      return [...tracer.recording];
    });
  });

/** The forward half of a group's step, on the tape. */
interface Forward {
  /** Losses [T]. */
  readonly total: Tensor1D;
  readonly penalty: Scalar | undefined;
  readonly weighed: Weighed | undefined;
  readonly assigned: ReadonlyMap<Variable, Tensor>;
}

function runForward<Name extends string>(
  tracer: Tracer,
  network: Network<Name>,
  shape: GroupShape<Name>,
  { rows, weighs = !rows }: GatherWish,
  inputs: PassInputs,
): Forward {
  const { graph } = tracer;
  const tasks = network.tasks.length;
  const { pass, activations, assigned } = tracedPass(tracer, inputs, {
    tasks: shape.tasks,
    training: true,
  });
  const columns = columnsOf(tracer, shape);
  const outputs = scoresOf(network, columns, shape.size, pass);
  const total = tf.stack([...lossesOf(tracer, network, shape, outputs)]) as Tensor1D;
  const present = tracer.tensor(
    shape.everyone ? graph.constant(1, [tasks]) : graph.view(SPACE.present, 0, [tasks]),
  ) as Tensor1D;
  const penalty = penaltyOf(network, { columns, outputs, activations, present, pass });
  const { pass: weighing } = tracedPass(tracer, inputs, { tasks: network.tasks, training: true });
  const weighed = weighs
    ? traceWeights(network, total, { present, everyone: shape.everyone, pass: weighing })
    : undefined;
  return { total, penalty, weighed, assigned };
}

type Found = Omit<GatherStep, "graph" | "inputs" | "recording">;

function runBackward<Name extends string>(
  tracer: Tracer,
  network: Network<Name>,
  layout: Layout<Name>,
  wish: GatherWish,
  { total, penalty, weighed, assigned }: Forward,
): Found {
  const { graph } = tracer;
  const { tasks, parameters, extras } = network;
  const variables = [...parameters, ...extras].map(({ variable }) => variable);
  const gradients = (y: Tensor, at: readonly Variable[]): readonly (Node | undefined)[] =>
    gradientsOf(y, at).map((gradient) => (gradient ? nonZero(tracer.nodeOf(gradient)) : undefined));

  // The backward pass of Σ w_k·L_k, over symbolic w: linear in w, it holds every task's gradient.
  const perTask = (at: readonly Variable[]): Backward => {
    const units = graph.view(SPACE.units, 0, [tasks.length]);
    const objective = tf.sum(tf.mul(tracer.tensor(units), total));
    const found = gradients(objective, at).map((node) => node ?? graph.constant(0));
    return { weights: units, gradients: found, size: tasks.length };
  };
  const kept = layout.kept === "rows" ? blockOf : gramianOf;
  const common = {
    losses: tracer.nodeOf(total),
    assigned: [...assigned].map(([variable, value]) => ({ variable, value: tracer.nodeOf(value) })),
  };
  const none = (list: readonly unknown[]): undefined[] => list.map(() => undefined);

  const weighedExtras = weighed?.gradients.map((gradient) =>
    gradient ? nonZero(tracer.nodeOf(gradient)) : undefined,
  );

  if (wish.rows || !weighed) {
    const backward = perTask(parameters.map(({ variable }) => variable));
    const rows = vectorise(graph, backward);
    const keptOf = ({ index, rows: owners }: JacobianBlock): Node | undefined =>
      kept(graph, rows.rows(index), owners);
    return {
      ...common,
      ...(weighed && { weights: tracer.nodeOf(weighed.weights) }),
      ...(weighedExtras && { extras: weighedExtras }),
      backward,
      jacobian: layout.jacobian.map(keptOf),
      lastShared: layout.lastShared.map(keptOf),
      own: parameters.map((parameter, i) =>
        parameter.tasks.length === 1 ? nonZero(rows.ones(i)) : undefined,
      ),
      rest: penalty ? gradients(tf.mul(penalty, wish.share), variables) : none(variables),
      tables: none(parameters),
      diagnostics: rows.diagnostics,
    };
  }
  const objective = tf.sum(tf.mul(weighed.weights, total));
  const rest = gradients(penalty ? tf.add(objective, penalty) : objective, variables);
  const { lastShared } = layout;
  const rows =
    lastShared.length > 0
      ? vectorise(graph, perTask(lastShared.map(({ variable }) => variable)))
      : undefined;
  return {
    ...common,
    weights: tracer.nodeOf(weighed.weights),
    jacobian: none(layout.jacobian),
    lastShared: lastShared.map((block, i) =>
      rows ? kept(graph, rows.rows(i), block.rows) : undefined,
    ),
    own: none(parameters),
    tables: none(parameters),
    rest: rest.map((node, i) => {
      const gradient = weighedExtras?.[i - parameters.length];
      return gradient && node ? add(graph, node, gradient) : (gradient ?? node);
    }),
    diagnostics: rows?.diagnostics ?? [],
  };
}

/** Takes the gradients of tables out of the dense ones, where they are rows and nothing else. */
function tablesApart<Name extends string>(
  graph: Graph,
  { parameters }: Network<Name>,
  { rows }: GatherWish,
  found: Found,
): Found {
  const tables = parameters.map((parameter, i) => {
    const [gradient, other] = rows ? [found.own[i], found.rest[i]] : [found.rest[i], undefined];
    const isTable = parameter.info.layout === "rows" && gradient && !other;
    return isTable ? rowUpdatesOf(graph, gradient) : undefined;
  });
  const dense = (node: Node | undefined, i: number): Node | undefined =>
    tables[i] ? undefined : node;
  return { ...found, tables, own: found.own.map(dense), rest: found.rest.map(dense) };
}

function columnsOf<Name extends string>(
  tracer: Tracer,
  { columns, size }: GroupShape<Name>,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { shape, dtype }]) => [
      name,
      tracer.tensor(tracer.graph.view(columnSpace(name), 0, [size, ...shape], dtype)),
    ]),
  );
}

/** Every task's loss; 0 for a task that is not of this group. */
function lossesOf<Name extends string>(
  tracer: Tracer,
  network: Network<Name>,
  shape: GroupShape<Name>,
  outputs: Outputs<Name>,
): readonly Scalar[] {
  const { graph } = tracer;
  let at = 0;
  return network.tasks.map((name, k) => {
    const scores = outputs[name];
    if (!shape.tasks.includes(name) || !scores) return tracer.tensor(graph.constant(0)) as Scalar;
    const task = network.task[name];
    const labels = [shape.size, ...task.labelShape];
    const values = tracer.tensor(graph.view(SPACE.labels, at, labels));
    const share = tracer.tensor(graph.view(SPACE.shares, k, [])) as Scalar;
    const present = shape.masked
      ? tracer.tensor(graph.view(SPACE.masks, at, labels, "bool"))
      : undefined;
    at += sizeOf(labels);
    return labelledLoss(task, scores, { values, ...(present && { present }) }, share);
  });
}

const nonZero = (node: Node): Node | undefined => (constantOf(node) === 0 ? undefined : node);

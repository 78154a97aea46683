import type { Attributes, FunctionDef, NodeDef, Ref } from "../function/proto.ts";
import { tensorName, writeSavedModel } from "../function/saved-model.ts";
import type { Place, Places } from "../library/context.ts";

/*
 * A graph that calls functions, since sessions run graphs. What stays is in variables of the session. One that a function
 * both reads and writes is two of them, in turn: the function reads one and writes the other, and what was there before is
 * there still when the result is refused.
 */

/** A function, and what it reads and writes that stays. */
export interface PlacedFunction {
  readonly definition: FunctionDef;
  readonly places: Places;
}

/** Which of two variables is read. */
export type Turn = 0 | 1;

export const other = (turn: Turn): Turn => (turn === 0 ? 1 : 0);

/** One variable: its names for feeds and fetches. */
interface Variable {
  readonly handle: Ref;
  /** Its value. */
  readonly value: string;
  /** What it is set to where `set` is fetched. */
  readonly given: string;
  readonly set: string;
}

export interface StepGraph {
  readonly bytes: Uint8Array;
  readonly variable: (name: string, turn: Turn) => Variable;
  /** Whether it is two variables. */
  readonly inTurn: (name: string) => boolean;
}

export function stepGraph(functions: readonly PlacedFunction[]): StepGraph {
  const nodes: NodeDef[] = [];
  const turns = turnsOf(functions);
  const variables = new Map<string, Variable>();
  const keyOf = (name: string, turn: Turn): string => `${turns.has(name) ? turn : 0} ${name}`;
  const variable = (name: string, turn: Turn): Variable => {
    const found = variables.get(keyOf(name, turn));
    if (found) return found;
    throw new Error(`unreachable: no variable "${name}"`);
  };
  for (const place of placesOf(functions)) {
    for (const turn of turns.has(place.name) ? TURNS : [0 as const]) {
      variables.set(keyOf(place.name, turn), addVariable(nodes, `v${variables.size}`, place));
    }
  }
  for (const one of functions) {
    addInputs(nodes, one);
    for (const turn of TURNS) {
      addCall(nodes, one, turn, {
        read: ({ name }) => variable(name, turn),
        written: ({ name }) => variable(name, other(turn)),
      });
    }
  }
  const bytes = writeSavedModel({
    nodes,
    functions: functions.map(({ definition }) => leftAlone(definition)),
    // Tensors are asked for by their names in the graph.
    inputs: [],
    outputs: [],
    metadata: {},
  });
  return { bytes, variable, inTurn: (name) => turns.has(name) };
}

const TURNS: readonly Turn[] = [0, 1];

/** What some function both reads and writes. */
function turnsOf(functions: readonly PlacedFunction[]): ReadonlySet<string> {
  return new Set(
    functions.flatMap(({ places: { inputs, outputs } }) => {
      const read = new Set(inputs.map((place) => place?.name));
      return outputs.flatMap((place) => (place && read.has(place.name) ? [place.name] : []));
    }),
  );
}

function placesOf(functions: readonly PlacedFunction[]): readonly Place[] {
  const all = functions.flatMap(({ places }) => [...places.inputs, ...places.outputs]);
  return [...new Map(all.flatMap((place) => (place ? [[place.name, place]] : []))).values()];
}

const FLOAT: Attributes = { dtype: { type: "float32" } };

function addVariable(nodes: NodeDef[], node: string, { shape }: Place): Variable {
  const handle: Ref = { node };
  const given: Ref = { node: `${node}/given` };
  nodes.push(
    {
      name: node,
      op: "VarHandleOp",
      inputs: [],
      attributes: { ...FLOAT, shape: { shape }, shared_name: { text: node } },
    },
    { name: `${node}/value`, op: "ReadVariableOp", inputs: [handle], attributes: FLOAT },
    { name: given.node, op: "Placeholder", inputs: [], attributes: FLOAT },
    assign(`${node}/assign`, handle, given),
    token(`${node}/set`, [`${node}/assign`]),
  );
  return {
    handle,
    value: `${node}/value:0`,
    given: tensorName(given),
    set: `${node}/set:0`,
  };
}

const assign = (name: string, handle: Ref, value: Ref): NodeDef => ({
  name,
  op: "AssignVariableOp",
  inputs: [handle, value],
  attributes: FLOAT,
});

/** Something to fetch where all that counts is that other nodes have run. */
const token = (name: string, after: readonly string[]): NodeDef => ({
  name,
  op: "Const",
  inputs: [],
  after,
  attributes: {
    dtype: { type: "bool" },
    value: { tensor: { dtype: "bool", shape: [], content: 1 } },
  },
});

const inputNode = (functionName: string, i: number): string => `${functionName}/x${i}`;
const callNode = (functionName: string, turn: Turn): string => `${functionName}/turn${turn}`;

/** Placeholders of what is fed in every call. */
function addInputs(nodes: NodeDef[], { definition: { name, inputs }, places }: PlacedFunction) {
  inputs.forEach(({ dtype }, i) => {
    if (places.inputs[i]) return;
    const attributes: Attributes = { dtype: { type: dtype } };
    nodes.push({ name: inputNode(name, i), op: "Placeholder", inputs: [], attributes });
  });
}

function addCall(
  nodes: NodeDef[],
  { definition: { name, inputs, outputs }, places }: PlacedFunction,
  turn: Turn,
  { read, written }: Readonly<Record<"read" | "written", (place: Place) => Variable>>,
): void {
  const call = callNode(name, turn);
  nodes.push({
    name: call,
    op: "PartitionedCall",
    inputs: places.inputs.map((place, i) =>
      place ? { node: `${read(place).handle.node}/value` } : { node: inputNode(name, i) },
    ),
    attributes: {
      Tin: { types: inputs.map(({ dtype }) => dtype) },
      Tout: { types: outputs.map(({ dtype }) => dtype) },
      f: { func: name },
      config_proto: { bytes: WITHOUT_GRAPPLER },
    },
  });
  const puts = places.outputs.flatMap((place, i) => {
    if (!place) return [];
    const put = assign(`${call}/put${i}`, written(place).handle, { node: call, index: i });
    nodes.push(put);
    return [put.name];
  });
  nodes.push(token(`${call}/done`, puts));
}

/** ConfigProto whose graph_options.rewrite_options.disable_meta_optimizer is true. */
const WITHOUT_GRAPPLER = Uint8Array.of(0x52, 0x05, 0x52, 0x03, 0x98, 0x01, 0x01);

/**
 * Grappler rewrites the graphs of sessions, those of functions among them, so that they round otherwise than what the
 * library calls; and it gives Pow of a scalar another shape. It does not look into functions that it takes for tf.data's.
 */
const leftAlone = (definition: FunctionDef): FunctionDef => ({
  ...definition,
  attributes: {
    ...definition.attributes,
    _noinline: { bool: true },
    _tf_data_function: { bool: true },
  },
});

/** What a call of a function feeds and fetches, by its inputs and results that cross. */
export interface CallNames {
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
}

export function namesOf({ definition, places }: PlacedFunction, turn: Turn): CallNames {
  const { name, inputs, outputs } = definition;
  const call = callNode(name, turn);
  const crossing = outputs.flatMap((_, i) => (places.outputs[i] ? [] : [`${call}:${i}`]));
  return {
    feeds: inputs.flatMap((_, i) => (places.inputs[i] ? [] : [`${inputNode(name, i)}:0`])),
    fetches: [...crossing, `${call}/done:0`],
  };
}

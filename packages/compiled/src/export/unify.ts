import type { PolytaskError } from "@polytask/core";
import { ancestors, type Node } from "@polytask/graph";
import { type Dim, dimOf } from "./dim.ts";
import { dependsOnBatch, type Refuse } from "./errors.ts";
import type { Value } from "./value.ts";

/** One computation, traced on batches of one size. */
export interface Trace {
  readonly size: number;
  readonly outputs: readonly Node[];
}

/** The error for something that the traces do not share: what it is, and what it is in each of them. */
type Unlike = (what: string, found: readonly unknown[]) => PolytaskError;

/** Attributes that are lengths or places along an axis. */
const ALONG_AXES = new Set(["at", "starts", "before", "after"]);

/**
 * Traces on batches of different sizes as one computation for every size: the same nodes, with lengths that grow with
 * the batch. Two sizes say how, the others check it.
 *
 * @throws what `refuse` makes of it where the traces are not alike
 */
export function unify(traces: readonly Trace[], refuse: Refuse): readonly Value[] {
  const sizes = traces.map(({ size }) => size);
  const unlike = (what: string, found: readonly unknown[]): PolytaskError =>
    refuse(dependsOnBatch(what, sizes, found.join(", ")));
  const alike = matched(traces, unlike);
  const values = new Map<Node, Value>();
  for (const [node, copies] of alike) {
    const along = (numbers: readonly number[], what: string): Dim => {
      const dim = lengthOf(sizes, numbers);
      if (dim === undefined) throw unlike(`${what} of ${node.op}`, numbers);
      return dim;
    };
    const shape = node.shape.map((_, axis) =>
      along(
        copies.map((copy) => copy.shape[axis]),
        `axis ${axis} of the result`,
      ),
    );
    values.set(node, {
      ...node,
      inputs: node.inputs.map((input) => values.get(input)),
      shape,
      attributes: attributesOf(copies, along, unlike),
    } as Value);
  }
  return traces[0].outputs.map((node) => values.get(node) as Value);
}

/** Every node of the first trace, operands first, and what it is in each trace. */
function matched(traces: readonly Trace[], unlike: Unlike): ReadonlyMap<Node, readonly Node[]> {
  const found = new Map<Node, readonly Node[]>();
  const open = traces[0].outputs.map((_, i) => traces.map(({ outputs }) => outputs[i]));
  for (let copies = open.pop(); copies; copies = open.pop()) {
    const [node] = copies;
    const known = found.get(node);
    if (
      known
        ? known.some((copy, i) => copy !== copies[i])
        : !copies.every((copy) => isLike(node, copy))
    ) {
      throw unlike(
        "an op",
        copies.map(({ op }) => op),
      );
    }
    if (known) continue;
    found.set(node, copies);
    node.inputs.forEach((_, i) => open.push(copies.map(({ inputs }) => inputs[i])));
  }
  return new Map(
    ancestors(traces[0].outputs).map((node) => [node, found.get(node) as readonly Node[]]),
  );
}

const isLike = (a: Node, b: Node): boolean =>
  a.op === b.op &&
  a.dtype === b.dtype &&
  a.inputs.length === b.inputs.length &&
  a.shape.length === b.shape.length;

function attributesOf(
  copies: readonly Node[],
  along: (numbers: readonly number[], what: string) => Dim,
  unlike: Unlike,
): unknown {
  const all = copies.map(
    ({ attributes }) => attributes as Readonly<Record<string, unknown>> | null,
  );
  const [first] = all;
  if (first === null) return null;
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(first)) {
    const found = all.map((attributes) => attributes?.[name]);
    if (ALONG_AXES.has(name) && typeof value === "number") {
      result[name] = along(found as number[], `"${name}"`);
    } else if (ALONG_AXES.has(name)) {
      result[name] = (value as readonly number[]).map((_, axis) =>
        along(
          found.map((list) => (list as readonly number[])[axis]),
          `"${name}"`,
        ),
      );
    } else if (found.every((other) => isSame(value, other))) {
      result[name] = value;
    } else {
      const shown = found.map((other) =>
        ArrayBuffer.isView(other) ? "a list" : JSON.stringify(other),
      );
      throw unlike(`"${name}" of ${copies[0].op}`, shown);
    }
  }
  return result;
}

/** The one linear function of the batch's size that gives these numbers; undefined where there is none. */
function lengthOf(sizes: readonly number[], numbers: readonly number[]): Dim | undefined {
  const perExample = (numbers[1] - numbers[0]) / (sizes[1] - sizes[0]);
  const plus = numbers[0] - perExample * sizes[0];
  const fits = numbers.every((number, i) => number === perExample * sizes[i] + plus);
  return Number.isInteger(perExample) && fits ? dimOf(perExample, plus) : undefined;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isList(a) || !isList(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false;
  return true;
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);

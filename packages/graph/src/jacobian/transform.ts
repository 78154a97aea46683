import { constantOf, type Graph } from "../graph.ts";
import type { Node, Op } from "../node.ts";
import { rebuild } from "../ops/index.ts";
import { added, disjointRows, row, stacked, stackedOver } from "./convert.ts";
import { join, type Join } from "./join.ts";
import { pending } from "./pending.ts";
import {
  diagonalOf,
  type Representation,
  rowsOf,
  type Settled,
  type Stack,
  stackOf,
  ZERO,
} from "./representation.ts";
import { type Rule, withOperand } from "./rule.ts";
import { RULES } from "./rules/index.ts";
import { pieceOf, seed } from "./seed.ts";

/** Where structure was lost: the result is right, but takes more time and memory than it might. */
export interface Diagnostic {
  /** `unrolled`: the op was repeated for every task. `dense`: a diagonal is held with all its zeros. */
  readonly kind: "unrolled" | "dense";
  readonly op: Op;
  readonly node: Node;
  readonly reason: string;
}

/** Finds what values are at w = e_c, for every task c at once. */
export class Transform {
  readonly #graph: Graph;
  readonly #weights: Node;
  readonly #size: number;
  /** null: does not depend on w. */
  readonly #known = new Map<Node, Representation | null>();
  readonly #diagnostics: Diagnostic[] = [];
  readonly #join: Join;

  constructor(graph: Graph, weights: Node, size: number) {
    this.#graph = graph;
    this.#weights = weights;
    this.#size = size;
    this.#join = {
      graph,
      linearPart: (operand) =>
        this.representation(operand) ?? (constantOf(operand) === 0 ? ZERO : undefined),
      settle: (operand, x, reader) => this.#settled(operand, x, reader.op),
      densified: (node, reason) => this.#report("dense", node, reason),
    };
  }

  /** Grows as values are asked for. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  /** Undefined for a value that does not depend on w. */
  representation(value: Node): Representation | undefined {
    for (const node of pending(value, (known) => this.#known.has(known))) {
      this.#known.set(node, this.#found(node) ?? null);
    }
    return this.#known.get(value) ?? undefined;
  }

  /** A value as a stack; undefined where it is 0 for every task. */
  rows(value: Node): Stack | undefined {
    const found = this.representation(value) ?? ZERO;
    const settled = this.#settled(value, found, "what is asked for");
    if (settled.kind === "diagonal") this.#report("dense", value, "is itself asked for");
    return settled.kind === "zero" ? undefined : stacked(this.#graph, settled);
  }

  #found(node: Node): Representation | undefined {
    const piece = pieceOf(this.#weights, node);
    if (piece) return seed(this.#graph, node.shape, piece.from);
    const dependent = node.inputs.flatMap((input, place) =>
      this.#known.get(input) ? [place] : [],
    );
    if (dependent.length === 0) return undefined;
    const both = join(this.#join, node);
    if (both) return both;
    const [place] = dependent;
    const rule = RULES[node.op] as Rule<Op> | undefined;
    if (!rule) return this.#unrolled(node, "has no rule");
    if (dependent.length > 1)
      return this.#unrolled(node, "joins values that depend on the weights");
    if (!rule.linear(node, place)) return this.#unrolled(node, "is not linear in the weights");
    const operand = this.#known.get(node.inputs[place]) as Representation;
    return this.#linear(rule, node, place, this.#settled(node.inputs[place], operand, node.op));
  }

  #linear(rule: Rule<Op>, node: Node, place: number, operand: Settled): Settled {
    const graph = this.#graph;
    const apply = (value: Node): Node => rebuild(graph, node, withOperand(node, place, value));
    switch (operand.kind) {
      case "zero":
        return operand;
      case "rows": {
        if (operand.copies.length === 1) return rowsOf(operand.copies, operand.values.map(apply));
        const diagonal = disjointRows(graph, operand);
        if (diagonal) return this.#linear(rule, node, place, diagonal);
        return rule.apart
          ? rowsOf(operand.copies, operand.values.map(apply))
          : this.#linear(rule, node, place, stacked(graph, operand));
      }
      case "diagonal": {
        const mark = rule.mark(node, place, operand.mark);
        if (mark) return diagonalOf(mark, apply(operand.value));
        const across = rule.across?.(graph, node, place, operand);
        if (across) return across;
        this.#report("dense", node, "mixes the axis along which the tasks lie");
        return this.#linear(rule, node, place, stacked(graph, operand));
      }
      case "stack":
        return stackOf(graph, operand.copies, rule.stacked(graph, node, place, operand.value));
    }
  }

  /** The op once per task, on operands as they are at e_c: right for every op. */
  #unrolled(node: Node, reason: string): Settled {
    this.#report("unrolled", node, reason);
    const graph = this.#graph;
    const all = Array.from({ length: this.#size }, (_, copy) => copy);
    const operands = node.inputs.map((input) => {
      const found = this.#known.get(input);
      if (!found) return undefined;
      const settled = this.#settled(input, found, node.op);
      return settled.kind === "zero"
        ? graph.constant(0, [this.#size, ...input.shape])
        : stackedOver(graph, settled, all);
    });
    const values = all.map((copy) =>
      rebuild(
        graph,
        node,
        operands.map((stack, i) => (stack ? row(graph, stack, copy) : node.inputs[i])),
      ),
    );
    return rowsOf(all, values);
  }

  /** Adds up a mix, once for all that read it. */
  #settled(value: Node, x: Representation, reader: string): Settled {
    if (x.kind !== "mix") return x;
    if (x.parts.some(({ kind }) => kind === "diagonal")) {
      this.#report("dense", value, `adds values of other tasks, for ${reader}`);
    }
    const sum = added(this.#graph, x.parts);
    const settled = stackOf(this.#graph, sum.copies, sum.value);
    this.#known.set(value, settled);
    return settled;
  }

  #report(kind: Diagnostic["kind"], node: Node, reason: string): void {
    this.#diagnostics.push({ kind, op: node.op, node, reason });
  }
}

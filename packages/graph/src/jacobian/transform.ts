import { constantOf, type Graph } from "../graph.ts";
import type { Node, Op } from "../node.ts";
import { rebuild } from "../ops/index.ts";
import { added, row, stacked, stackedOver } from "./convert.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { join, type Join } from "./join.ts";
import { applied, appliedApart, cheaperApart } from "./linear.ts";
import { pending } from "./pending.ts";
import {
  type Representation,
  rowsOf,
  type Settled,
  type Stack,
  stackOf,
  ZERO,
} from "./representation.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules/index.ts";
import { pieceOf, seed } from "./seed.ts";

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
      report: this.#report,
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
    const dependent = node.inputs.flatMap((input, i) => (this.#known.get(input) ? [i] : []));
    if (dependent.length === 0) return undefined;
    const joined = join(this.#join, node);
    if (joined) return joined;
    const [place] = dependent;
    const rule = RULES[node.op] as Rule<Op> | undefined;
    if (!rule) return this.#unrolled(node, "has no rule for such operands");
    if (dependent.length > 1) return this.#unrolled(node, "joins values that depend on w");
    if (!rule.linear(node, place)) return this.#unrolled(node, "is not linear in w");

    const input = node.inputs[place];
    const operand = this.#known.get(input) as Representation;
    const to = { graph: this.#graph, node, place, rule, report: this.#report };
    return operand.kind === "mix" && cheaperApart(operand)
      ? appliedApart(to, operand)
      : applied(to, this.#settled(input, operand, node.op));
  }

  /** The op once per task, on operands as they are at e_c: right for every op. */
  #unrolled(node: Node, reason: string): Settled {
    this.#report("unrolled", node, reason);
    const graph = this.#graph;
    const copies = Array.from({ length: this.#size }, (_, copy) => copy);
    const operands = node.inputs.map((input) => {
      const found = this.#known.get(input);
      if (!found) return copies.map(() => input);
      const settled = this.#settled(input, found, node.op);
      if (settled.kind === "zero") return copies.map(() => graph.constant(0, input.shape));
      const value = stackedOver(graph, settled, copies);
      return copies.map((copy) => row(graph, value, copy));
    });
    const values = copies.map((copy) =>
      rebuild(
        graph,
        node,
        operands.map((operand) => operand[copy]),
      ),
    );
    return rowsOf(copies, values);
  }

  /** Adds up a mix, once for all that read it. */
  #settled(value: Node, x: Representation, reader: string): Settled {
    if (x.kind !== "mix") return x;
    if (x.parts.some(({ kind }) => kind === "diagonal")) {
      this.#report("dense", value, `adds values of other tasks, for ${reader}`);
    }
    const { copies, value: sum } = added(this.#graph, x.parts);
    const settled = stackOf(this.#graph, copies, sum);
    this.#known.set(value, settled);
    return settled;
  }

  readonly #report = (kind: Diagnostic["kind"], node: Node, reason: string): void => {
    this.#diagnostics.push({ kind, op: node.op, node, reason });
  };
}

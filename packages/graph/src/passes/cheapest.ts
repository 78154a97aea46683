import { ancestors } from "../graph.ts";
import type { Node } from "../node.ts";
import type { Contraction } from "./contraction.ts";
import { costAbove } from "./cost.ts";

/** What costs least above the operands of contractions; the first, where another is no better. */
export const cheapest = (forms: readonly Node[], contractions: readonly Contraction[]): Node =>
  cheapestBeside(
    forms,
    // With what they are made of: a move of axes that is there already may turn into one of its operand.
    new Set(ancestors(contractions.flatMap(({ operands }) => operands.map(({ node }) => node)))),
  );

/** What costs least beside values that are there already. */
export function cheapestBeside(forms: readonly Node[], there: ReadonlySet<Node>): Node {
  let [best] = forms;
  let least = costAbove(best, there);
  for (const form of forms.slice(1)) {
    const cost = costAbove(form, there);
    if (cost >= least) continue;
    best = form;
    least = cost;
  }
  return best;
}

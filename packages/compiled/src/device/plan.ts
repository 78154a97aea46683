import type { Network } from "@polytask/core";
import { type Layout, rowBlocks, type Target } from "@polytask/graph";
import { type Continuation, foundTargets, type GatherPlan } from "../gather.ts";
import { OUT } from "../memory.ts";
import type { Segments } from "./segments.ts";
import { inSegment } from "./in-segment.ts";

/** What a group's step leaves on the device: rows of J and all gradients, in whole segments. */
export const devicePlan = <Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { gradients, rows }: Segments,
  continuation: Continuation | undefined,
): GatherPlan => ({
  continuation,
  sparse: false,
  weighs: true,
  partly: [OUT.jacobian, OUT.lastShared],
  targets: (step, wish) => {
    const { graph, own, rest, backward } = step;
    const blocks = backward && rows.length > 0 ? rowBlocks(graph, layout, backward) : [];
    return [
      ...foundTargets(layout, step),
      ...rows.map(({ name }, block) => ({ node: blocks[block], space: name, at: 0 })),
      ...gradients.map((segment) =>
        inSegment(
          graph,
          layout,
          segment,
          wish.rows && segment.space === OUT.gradients ? own : rest,
        ),
      ),
      ...network.extras.map((_, j): Target => {
        const i = network.parameters.length + j;
        const { at, variable } = layout.parameters[i];
        const node = wish.rows ? step.extras?.[j] : rest[i];
        return { node: node ?? graph.constant(0, variable.shape), space: OUT.gradients, at };
      }),
    ];
  },
});

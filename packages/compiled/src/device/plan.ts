import type { Network } from "@polytask/core";
import { type GatherStep, type Layout, ops, rowBlocks, type Target } from "@polytask/graph";
import { type Continuation, foundTargets, type GatherPlan } from "../gather.ts";
import { OUT } from "../memory.ts";
import type { Segment, Segments } from "./segments.ts";

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
    const zero = (i: number) => graph.constant(0, layout.parameters[i].variable.shape);
    const whole = (nodes: GatherStep["rest"], { name, parameters }: Segment): Target => {
      const flat = parameters.map((i) => {
        const { size } = layout.parameters[i];
        return ops.reshape(graph, nodes[i] ?? zero(i), [size]);
      });
      return { node: ops.concat(graph, flat, 0), space: name, at: 0 };
    };
    const blocks = backward ? rowBlocks(graph, layout, backward) : [];
    return [
      ...foundTargets(layout, step),
      ...rows.map(({ name }, block) => ({ node: blocks[block], space: name, at: 0 })),
      ...gradients.map((segment) =>
        whole(wish.rows && segment.space === OUT.gradients ? own : rest, segment),
      ),
      ...network.extras.map((_, j): Target => {
        const i = network.parameters.length + j;
        const node = wish.rows ? step.extras?.[j] : rest[i];
        return { node: node ?? zero(i), space: OUT.gradients, at: layout.parameters[i].at };
      }),
    ];
  },
});

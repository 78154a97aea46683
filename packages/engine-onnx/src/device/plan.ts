import type { Network } from "@polytask/core";
import { type GatherStep, type Layout, ops, rowBlocks, type Target } from "@polytask/graph";
import { foundTargets, type GatherPlan } from "../gather.ts";
import { OUT } from "../memory.ts";
import type { Segment, Segments } from "./segments.ts";

/** What a group's step leaves on the device: rows of J and all gradients, in whole segments. */
export const devicePlan = <Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { gradients, rows }: Segments,
): GatherPlan => ({
  sparse: false,
  partly: [OUT.jacobian, OUT.lastShared],
  targets: (step, wish) => {
    const { graph, own, rest, backward } = step;
    const at = (nodes: GatherStep["rest"], i: number) =>
      nodes[i] ?? graph.constant(0, layout.parameters[i].variable.shape);
    const whole = (nodes: GatherStep["rest"], { name, parameters }: Segment): Target => {
      const flat = parameters.map((i) => {
        const { size } = layout.parameters[i];
        return ops.reshape(graph, at(nodes, i), [size]);
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
      // What the weighting finds of them is written over it.
      ...network.extras.map((_, j): Target => {
        const i = network.parameters.length + j;
        const node = wish.rows ? at([], i) : at(rest, i);
        return { node, space: OUT.gradients, at: layout.parameters[i].at };
      }),
    ];
  },
});

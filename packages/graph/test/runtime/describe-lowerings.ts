import { onTape } from "@polytask/core/engine";
import type { Node } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tables } from "../lowerings/tables.ts";
import {
  type Compute,
  deviation,
  differences,
  eager,
  gradients,
  nodesOf,
  type Numbers,
} from "../traced.ts";
import type { Run } from "./run.ts";

/** What traced code is worth in a runtime. */
async function inRuntime(
  run: Run,
  f: Compute,
  inputs: readonly Numbers[],
): Promise<readonly Numbers[]> {
  const nodes: readonly Node[] = nodesOf(f, inputs);
  const values = await run(nodes, (space) => inputs[Number(space)].values);
  return nodes.map(({ shape, dtype }, i) => ({ shape, dtype, values: values[i] }));
}

/** Holds a runtime to tfjs on every case of the lowerings, forward and backward. */
export function describeLowerings(run: Run): void {
  beforeAll(async () => {
    await tf.setBackend("cpu");
    // The first tape puts right what tfjs has wrong, or lacks.
    onTape(() => null);
  });

  describe.each(Object.entries(tables))("%s", (_, cases) => {
    it.each(Object.entries(cases))(
      "%s",
      async (__, { f, inputs, meaning = f, gradient = "tfjs" }) => {
        expect(
          deviation(await inRuntime(run, f, inputs), await eager(meaning, inputs)),
        ).toBeLessThan(1e-5);
        if (gradient === "none") return;
        const found = await inRuntime(run, gradients(f), inputs);
        const [expected, allowed] =
          gradient === "tfjs"
            ? [await eager(gradients(meaning), inputs), 1e-5]
            : [await differences(meaning, inputs, gradient.differences), 2e-3];
        expect(deviation(found, expected)).toBeLessThan(allowed);
      },
    );
  });
}

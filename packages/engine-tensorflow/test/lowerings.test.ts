import { onTape } from "@polytask/core/engine";
import type { Node } from "@polytask/graph";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Compute, Numbers } from "../../graph/test/traced.ts";
import { deviation, differences, eager, gradients, nodesOf } from "../../graph/test/traced.ts";
import { tables } from "../../graph/test/lowerings/tables.ts";
import { isThere, run } from "./support.ts";

/** What traced code is worth in TensorFlow. */
async function compiled(f: Compute, inputs: readonly Numbers[]): Promise<readonly Numbers[]> {
  const nodes: readonly Node[] = nodesOf(f, inputs);
  const values = await run(nodes, (space) => inputs[Number(space)].values);
  return nodes.map(({ shape, dtype }, i) => ({ shape, dtype, values: values[i] }));
}

beforeAll(async () => {
  await tf.setBackend("cpu");
  // The first tape puts right what tfjs has wrong, or lacks.
  onTape(() => null);
});

describe.skipIf(!isThere).each(Object.entries(tables))("%s", (_, cases) => {
  it.each(Object.entries(cases))(
    "%s",
    async (__, { f, inputs, meaning = f, gradient = "tfjs" }) => {
      expect(deviation(await compiled(f, inputs), await eager(meaning, inputs))).toBeLessThan(1e-5);
      if (gradient === "none") return;
      const found = await compiled(gradients(f), inputs);
      const [expected, allowed] =
        gradient === "tfjs"
          ? [await eager(gradients(meaning), inputs), 1e-5]
          : [await differences(meaning, inputs, gradient.differences), 2e-3];
      expect(deviation(found, expected)).toBeLessThan(allowed);
    },
  );
});

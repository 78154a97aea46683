import { dropout } from "@polytask/blocks";
import { expectNoLeak, testStep } from "@polytask/testkit";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { all, codeOf, gradients, type Name, numbers, run } from "./support.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("dropout", () => {
  it("zeroes values at its rate and scales the others by 1/(1 − rate), in training alone", async () => {
    await expectNoLeak(async () => {
      const x = tf.ones([200, 50]);
      const { y } = await run(dropout<Name>({ input: 50, rate: 0.3 }), x);
      const kept = y.filter((value) => value !== 0);
      expect(new Set(kept)).toEqual(new Set([Math.fround(1 / Math.fround(0.7))]));
      // 10,000 draws: √(0.7·0.3/10,000) = 0.0046.
      expect(Math.abs(kept.length / y.length - 0.7)).toBeLessThan(0.02);
      const use = await run(dropout<Name>({ input: 50, rate: 0.3 }), x, { training: false });
      expect(use.y).toEqual([...(await x.data())]);
      x.dispose();
    });
  });

  it("keeps a value exactly where the noise reaches the rate", async () => {
    const x = tf.tensor2d(numbers(6), [2, 3]);
    const draws = [0.2, 0.5, 0.49, 0.9, 0, 0.75];
    const noise = { uniform: () => draws.shift() } as never;
    const { y } = await run(dropout<Name>({ input: 3, rate: 0.5 }), x, { noise });
    const list = [...(await x.data())];
    // A dropped negative number is −0.
    expect(y.map((value) => value + 0)).toEqual([0, 2 * list[1], 0, 2 * list[3], 0, 2 * list[5]]);
    x.dispose();
  });

  it("sees one mask in every evaluation of a step, and its gradient is that mask", async () => {
    const block = dropout<Name>({ input: 5, rate: 0.4 });
    const x = tf.ones([4, 5]);
    const step = testStep<Name>();
    const [one, two] = tf.tidy(() => [1, 2].map(() => block.forward(x, step.pass(all))));
    expect([...(await one.data())]).toEqual([...(await two.data())]);
    const [gradient] = await gradients(
      block,
      x,
      numbers(20).map(() => 1),
    );
    expect(gradient).toEqual([...(await one.data())]);
    tf.dispose([x, one, two]);
  });

  it("draws nothing at rate 0 or outside training", async () => {
    const calls: string[] = [];
    const x = tf.ones([2, 2]);
    await run(dropout<Name>({ input: 2, rate: 0 }), x, { onCall: (call) => calls.push(call) });
    await run(dropout<Name>({ input: 2, rate: 0.9 }), x, {
      training: false,
      onCall: (call) => calls.push(call),
    });
    expect(calls).toEqual([]);
    x.dispose();
  });

  it.each([-0.1, 1, NaN, "0.5"])("refuses the rate %s", (rate) => {
    expect(codeOf(() => dropout({ input: 2, rate: rate as number }))).toContain("POLYTASK_OPTION");
  });
});

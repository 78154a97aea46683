import { createTrainer } from "@polytask/core";
import { describe, expect, it } from "vitest";
import { makeCase } from "../dist/cases.js";
import { compose } from "../dist/composition.js";
import { asStateTensors, placesOf, stackTasks, swapLastAxes, withStart } from "../dist/layout.js";
import { makeState, stateShapes } from "../dist/state.js";

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describe("swapLastAxes", () => {
  it("turns every matrix", () => {
    // [2, 2, 3]: element (i, j, k) is 100·i + 10·j + k
    const values = Float32Array.of(0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112);
    expect([...swapLastAxes(values, [2, 3])]).toEqual([
      0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112,
    ]);
  });
});

describe("stackTasks", () => {
  it("joins what differs in the task alone", () => {
    const joined = stackTasks([
      ["a/kernel", Float32Array.of(1, 2)],
      ["head/task0/bias", Float32Array.of(3)],
      ["head/task1/bias", Float32Array.of(4)],
      ["head/task1/kernel", Float32Array.of(5)],
    ]);
    expect(Object.entries(joined).map(([name, values]) => [name, ...values])).toEqual([
      ["a/kernel", 1, 2],
      ["head/*/bias", 3, 4],
      ["head/*/kernel", 5],
    ]);
  });
});

describe.each(["mmoe-sum", "shared-pcgrad"] as const)("the layout of %s", (model) => {
  const c = { ...makeCase(model, 4), tasks: 3 };
  const start = makeState(c);

  it("places every trained tensor of the state, and every variable of the trainer once", async () => {
    const { tasks, parts } = compose(c, start);
    await using trainer = await createTrainer(tasks, parts);
    const { variables } = await trainer.state();
    const places = placesOf(c);
    const trained = Object.keys(stateShapes(c)).filter((name) => !["x", "y"].includes(name));
    expect(Object.keys(places)).toEqual(trained);
    const placed = Object.values(places).flatMap((place) => place.variables);
    expect(placed.toSorted()).toEqual(Object.keys(variables).toSorted());
  });

  it("comes back as it went in", async () => {
    const { tasks, parts } = compose(c, start);
    await using trainer = await createTrainer(tasks, parts);
    await trainer.restore(withStart(await trainer.state(), start, c));
    const { variables } = await trainer.state();
    const back = asStateTensors((name) => variables[name].values, c);
    for (const [name, values] of Object.entries(back)) {
      expect(values, name).toEqual(start[name].values);
    }
  });

  it("puts the state's numbers where a step of the peers has them", async () => {
    const { tasks, parts, data } = compose(c, start);
    await using trainer = await createTrainer(tasks, parts);
    await trainer.restore(withStart(await trainer.state(), start, c));
    const { task2 } = await trainer.predict(data.inputs);
    const expected = probability(start, model.startsWith("mmoe"), { example: 3, task: 2 });
    expect(task2[3]).toBeCloseTo(expected, 5);
  });
});

/** Forward pass of one example as the peers' docstring writes it, in float64. */
function probability(
  start: ReturnType<typeof makeState>,
  mixes: boolean,
  { example, task }: { example: number; task: number },
): number {
  const part = (name: string, index: number): number[] => {
    const { shape, values } = start[name];
    const size = sizeOf(shape.slice(1));
    return [...values.slice(index * size, (index + 1) * size)];
  };
  const affine = (x: readonly number[], w: readonly number[], b: readonly number[]): number[] =>
    b.map((bias, j) => x.reduce((sum, value, i) => sum + value * w[i * b.length + j], bias));
  const relu = (values: readonly number[]): number[] => values.map((value) => Math.max(0, value));
  const x = part("x", example);
  const layers = (weights: (name: string) => readonly number[]): number[] =>
    relu(affine(relu(affine(x, weights("W1"), weights("b1"))), weights("W2"), weights("b2")));

  let h = layers((name) => [...start[name].values]);
  if (mixes) {
    const logits = affine(x, part("Wg", task), part("bg", task)).map(Math.exp);
    const total = logits.reduce((a, b) => a + b);
    const experts = logits.map((_, e) => layers((name) => part(name, e)));
    h = experts[0].map((_, j) =>
      experts.reduce((sum, expert, e) => sum + (logits[e] / total) * expert[j], 0),
    );
  }
  const hidden = relu(affine(h, part("V1", task), part("c1", task)));
  const [score] = affine(hidden, part("V2", task), part("c2", task));
  return 1 / (1 + Math.exp(-score));
}

import {
  type ArchitecturePlugin,
  createTrainer,
  input,
  type InputShape,
  regression,
  type Trainer,
} from "@polytask/core";
import { columnsOf, networkOf } from "@polytask/core/engine";
import type { Tensor } from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { tiny } from "./tiny.ts";

type Names = "a" | "b";

/** A model that reads whichever of its columns is there. */
const either: ArchitecturePlugin<Names> = {
  ...tiny<Names>(),
  create: async (scope) => {
    const model = await tiny<Names>().create(scope);
    return {
      ...model,
      forward: (inputs, pass) => {
        const { x, y } = inputs as Readonly<Record<string, Tensor | undefined>>;
        return model.forward((x ?? y) as Tensor, pass);
      },
    };
  },
};
const make = (shape: InputShape, architecture: ArchitecturePlugin<Names> = tiny<Names>()) =>
  createTrainer(
    { a: regression(), b: regression() },
    { encoder: input(shape, { partial: true }), architecture },
  );

describe("the network behind a trainer", () => {
  it("is the one that it trains", async () => {
    await using trainer = await make([4]);
    const { tasks, parameters } = networkOf(trainer);
    expect(tasks).toEqual(["a", "b"]);
    const { variables } = await trainer.state();
    for (const { info, variable } of parameters) {
      expect(variables[info.name].values).toEqual(await variable.data());
    }
  });

  it("is nobody else's", async () => {
    await using trainer = await make([4]);
    const copy: Trainer<Names> = { ...trainer };
    expect(() => networkOf(copy)).toThrow(/must be what createTrainer returned/);
  });
});

describe("the columns that an encoder has prepared", () => {
  it("are known once data have come, of all data sets together", async () => {
    await using trainer = await make({ x: [4], y: [4] }, either);
    await using other = await make({ x: [4], y: [4] }, either);
    const { encoder } = networkOf(trainer);
    expect(columnsOf(encoder)).toEqual({});
    await trainer.predict({ x: [[1, 2, 3, 4]] });
    expect(columnsOf(encoder)).toEqual({ x: { shape: [4], dtype: "float32" } });
    await trainer.fit(
      [
        { inputs: { y: [[1, 2, 3, 4]] }, labels: { a: [1] } },
        { inputs: { y: [[1, 2, 3, 4]] }, labels: { b: [1] } },
      ],
      { steps: 1 },
    );
    expect(Object.keys(columnsOf(encoder))).toEqual(["x", "y"]);
    expect(columnsOf(networkOf(other).encoder)).toEqual({});
  });
});

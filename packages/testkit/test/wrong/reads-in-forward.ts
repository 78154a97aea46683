import { type ArchitecturePlugin, CONTRACT } from "@polytask/core";
import { bottom } from "../right/bottom.ts";

/** forward looks at a weight on the host. */
export const readsInForward = (): ArchitecturePlugin => ({
  kind: "architecture",
  name: "arch-reads-in-forward",
  contract: CONTRACT,
  create: async (scope) => {
    const model = await bottom().create(scope);
    return {
      ...model,
      forward: (inputs, pass) => {
        // eslint-disable-next-line no-restricted-syntax -- the fault itself
        if (Number.isNaN(model.parameters[0].variable.dataSync()[0])) throw new Error("diverged");
        return model.forward(inputs, pass);
      },
    };
  },
});

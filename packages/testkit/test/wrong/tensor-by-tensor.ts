import { CONTRACT, type SurgeryPlugin } from "@polytask/core";
import { projection } from "../right/projection.ts";

/** Every tensor is treated by itself, where the method speaks of one vector. */
export const tensorByTensor = (): SurgeryPlugin => ({
  kind: "surgery",
  name: "surgery-tensor-by-tensor",
  contract: CONTRACT,
  create: async (scope) => ({
    ...(await projection().create(scope)),
    blocks: (parameters) => parameters.map((parameter) => [parameter]),
  }),
});

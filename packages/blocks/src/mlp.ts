import type { Scope } from "@polytask/core";
import type { Activation } from "./activation.ts";
import type { BlockOptions, DeepBlock } from "./block.ts";
import { checkRate, checkSizes } from "./checks.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";

export interface MlpOptions<Name extends string = string> extends BlockOptions<Name> {
  /** Length of the last axis of x. */
  readonly input: number;
  /** Units of every layer; an empty list gives x back. */
  readonly hidden: readonly number[];
  /** After every layer. Default "relu". */
  readonly activation?: Activation;
  /** In training, the probability with which a unit is left out, after every layer. Default 0. */
  readonly dropout?: number;
}

/**
 * Fully connected layers one after another: h_l = dropout(activation(h_{l−1}·W_l + b_l)), h_0 = x.
 *
 * x [batch, …, input] in, [batch, …, last of hidden] out, float32. Parameters "<name>/<layer>/kernel" and "…/bias".
 *
 * @throws POLYTASK_OPTION for sizes below 1, an unknown activation or a rate outside [0, 1).
 */
export function mlp<Name extends string>(
  scope: Scope<Name>,
  options: MlpOptions<Name>,
): DeepBlock<Name> {
  const { name, tasks, role, input, hidden, activation = "relu" } = options;
  const { dropout: rate = 0 } = options;
  checkSizes(`mlp "${name}"`, "hidden", hidden);
  checkRate(`mlp "${name}"`, "dropout", rate);
  const layers = hidden.map((units, layer) => {
    const part = dense(scope, {
      name: `${name}/${layer}`,
      tasks,
      ...(role === undefined ? {} : { role: `${role}/${layer}` }),
      input: hidden[layer - 1] ?? input,
      units,
      activation,
    });
    return { ...part, drop: dropout<Name>({ input: units, rate }) };
  });
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    last: layers.at(-1)?.parameters ?? [],
    shape: [hidden.at(-1) ?? input],
    forward: (x, pass) =>
      layers.reduce((h, layer) => layer.drop.forward(layer.forward(h, pass), pass), x),
  };
}

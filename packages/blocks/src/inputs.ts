import { type ArchitectureScope, isShape, PolytaskError } from "@polytask/core";

/**
 * Width of the one vector per example that a dense architecture reads.
 *
 * Images, sequences and several named inputs are refused rather than flattened or joined in silence: which is meant
 * (a flat image, an embedding's mean) is the encoder's to say.
 *
 * @throws POLYTASK_NEED unless the encoder gives one tensor [batch, width].
 */
export function vectorInput<Name extends string>(
  scope: ArchitectureScope<Name>,
  who: string,
): number {
  const { inputs } = scope;
  if (isShape(inputs)) {
    if (inputs.length === 1) return inputs[0];
    throw noVector(who, `it gives a tensor of shape [${["batch", ...inputs].join(", ")}]`, [
      inputs.reduce((product, axis) => product * axis, 1),
    ]);
  }
  const names = Object.keys(inputs);
  if (names.length === 0) throw noVector(who, "it gives no input; perhaps `encoder` was left out");
  const list = names
    .map((name) => `"${name}" [${["batch", ...inputs[name]].join(", ")}]`)
    .join(", ");
  throw noVector(
    who,
    `it gives ${names.length} named input${names.length > 1 ? "s" : ""}: ${list}`,
  );
}

function noVector(who: string, found: string, flat?: readonly number[]): PolytaskError {
  const input = flat ? `input([${flat.join(", ")}]) with flattened examples` : "input([width])";
  return new PolytaskError({
    code: "POLYTASK_NEED",
    who,
    required: "the encoder must give one vector per example, a tensor [batch, width]",
    found,
    remedy: `Use ${input}, or an encoder that makes one vector of its columns.`,
  });
}

import { brokenPart } from "./errors.ts";
import type { Matrix } from "./matrix.ts";
import type { OwnedParameter } from "./network.ts";

/** @throws POLYTASK_BROKEN_PART unless a surgery's blocks hold each shared parameter once. */
export function checkPartition(
  who: string,
  blocks: readonly (readonly OwnedParameter[])[],
  shared: readonly OwnedParameter[],
): void {
  const flat = blocks.flat();
  const known = new Set(shared);
  if (!flat.every((parameter) => known.has(parameter))) {
    throw brokenPart(who, "blocks must be made of the parameters given", "got another");
  }
  if (flat.length !== shared.length || new Set(flat).size !== shared.length) {
    throw brokenPart(
      who,
      `blocks must hold each of the ${shared.length} shared parameters once`,
      `they hold ${flat.length}, ${new Set(flat).size} of them different`,
    );
  }
}

/** @throws POLYTASK_BROKEN_PART unless what `mix` returned is [size, size] and finite. */
export function checkMatrix(who: string, matrix: Matrix, size: number): void {
  const square = matrix.length === size && matrix.every((row) => row.length === size);
  if (!square || !matrix.flat().every(Number.isFinite)) {
    throw brokenPart(
      who,
      `mix must return ${size}×${size} finite numbers`,
      square ? "some are not finite" : `got ${matrix.length} rows of ${matrix[0]?.length ?? 0}`,
    );
  }
}

/** A length or a place along an axis: fixed, or growing with the batch. */
export type Dim = number | PerExample;

/** perExample·batch + plus, with a batch that is known only when the model runs. */
export interface PerExample {
  readonly perExample: number;
  readonly plus: number;
}

export const dimOf = (perExample: number, plus: number): Dim =>
  perExample === 0 ? plus : { perExample, plus };

const parts = (dim: Dim): PerExample =>
  typeof dim === "number" ? { perExample: 0, plus: dim } : dim;

export function plus(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const [x, y] = [parts(a), parts(b)];
  return dimOf(x.perExample + y.perExample, x.plus + y.plus);
}

export function times(a: Dim, factor: number): Dim {
  if (typeof a === "number") return a * factor;
  return dimOf(a.perExample * factor, a.plus * factor);
}

export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.perExample === b.perExample && a.plus === b.plus;
}

export const sameDims = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((dim, i) => sameDim(dim, b[i]));

export const isFixed = (dim: Dim): dim is number => typeof dim === "number";

export const areFixed = (dims: readonly Dim[]): dims is readonly number[] => dims.every(isFixed);

/** How many elements a shape holds; undefined where that is more than linear in the batch. */
export function product(dims: readonly Dim[]): Dim | undefined {
  let total: Dim = 1;
  for (const dim of dims) {
    if (typeof dim === "number") total = times(total, dim);
    else if (typeof total === "number") total = times(dim, total);
    else return undefined;
  }
  return total;
}

/** Lengths where a runtime takes fixed ones only. */
export function fixedDims(dims: readonly Dim[]): readonly number[] {
  if (areFixed(dims)) return dims;
  throw new RangeError("an axis that depends on the batch stands where its length must be known");
}

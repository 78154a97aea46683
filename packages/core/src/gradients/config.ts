import type { GradConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs";

/** One kernel's gradient: for each operand, by tfjs's name for it, a function that gives it. */
export interface Gradient<Attributes = unknown> {
  /** Operands whose values the gradient needs; they come first among `saved`. */
  readonly saves?: readonly string[];
  /** Which of the results it needs. */
  readonly savesResults?: readonly boolean[];
  readonly of: (
    dy: Tensor,
    saved: readonly Tensor[],
    attributes: Attributes,
  ) => Readonly<Record<string, () => Tensor>>;
}

export type Gradients = Readonly<Record<string, GradConfig>>;

/** As tfjs wants to have it. Of several results `dy` is the first one's. */
export const gradient = <Attributes>(
  kernelName: string,
  { saves = [], savesResults = [], of }: Gradient<Attributes>,
): Gradients => ({
  [kernelName]: {
    kernelName,
    inputsToSave: [...saves],
    outputsToSave: [...savesResults],
    gradFunc: (dy: Tensor | Tensor[], saved: Tensor[], attributes: NamedAttrMap) =>
      of(Array.isArray(dy) ? dy[0] : dy, saved, attributes as unknown as Attributes),
  },
});

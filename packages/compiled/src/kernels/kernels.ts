/** Whether a result replaces what was there or is added to it. */
type Mode = "set" | "add";

/** What the rule of `momentum` in @polytask/optimizers is made of. */
interface MomentumRule {
  readonly mu: number;
  readonly nesterov: boolean;
}

/** What the rule of `adam` and `adamw` in @polytask/optimizers is made of. */
interface AdamRule {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** The numbers of one update: η/(1 − β₁ᵗ), √(1 − β₂ᵗ), and 1 − η·λ, which is 1 for `adam`. */
interface AdamStep {
  readonly step: number;
  readonly root: number;
  readonly keep: number;
}

/**
 * What a step does on the host, on views of one arena.
 *
 * There are two implementations of everything, in WebAssembly SIMD and in plain JavaScript. Numbers are rounded to float32
 * where they enter, and every kernel but `gramian` and `sumOfSquares` gives the same bits in both. Views may be parts of
 * regions, at any element; the views of one call must not overlap.
 *
 * Every call throws POLYTASK_KERNEL for views that do not fit each other or lie outside the arena.
 */
export interface Kernels extends LinearKernels, OptimizerKernels, RowKernels {
  readonly simd: boolean;
}

export interface LinearKernels {
  /**
   * out = J·Jᵀ, or out += J·Jᵀ: J [rows, n] in float32, out [rows, rows] in float64 and symmetric.
   *
   * Products are summed in float32 over at most 256 columns and in float64 from there: the relative error stays below
   * 1e-6·√(G_ii·G_jj).
   */
  readonly gramian: (j: Float32Array, rows: number, out: Float64Array, mode: Mode) => void;
  /** out = Σ_k weights[k]·J[k], or out += that: J [rows, n], weights [rows], out [n]; added in the order of the rows. */
  readonly combine: (j: Float32Array, weights: Float32Array, out: Float32Array, mode: Mode) => void;
  /** y += a·x */
  readonly axpy: (a: number, x: Float32Array, y: Float32Array) => void;
  /** x = a·x */
  readonly scale: (x: Float32Array, a: number) => void;
  /** x = a */
  readonly fill: (x: Float32Array, a: number) => void;
  /** Cuts every element to [−limit, limit]; NaN stays NaN. */
  readonly clipValue: (x: Float32Array, limit: number) => void;
  /** Σ x², in float32 over at most 256 elements and in float64 from there. */
  readonly sumOfSquares: (x: Float32Array) => number;
  /** Whether no element is infinite or NaN. */
  readonly allFinite: (x: Float32Array) => boolean;
}

/**
 * The rules of @polytask/core and @polytask/optimizers; p and slots are updated. All is rounded as there, but for Adam's
 * step, which is grouped as step·root · m/(√v + root·ε) for the sake of one division less.
 */
export interface OptimizerKernels {
  readonly sgd: (p: Float32Array, g: Float32Array, rate: number) => void;
  readonly momentum: (
    p: Float32Array,
    g: Float32Array,
    buffer: Float32Array,
    rule: MomentumRule,
    rate: number,
  ) => void;
  readonly adam: (
    p: Float32Array,
    g: Float32Array,
    m: Float32Array,
    v: Float32Array,
    rule: AdamRule,
    at: AdamStep,
  ) => void;
}

/**
 * Tables [height, width] of which a step touches few rows; the cost goes by the rows touched.
 *
 * `rows` lists rows of the table, each once, as `touchedRows` writes them. A listed row whose gradient is zero throughout
 * is not updated: an engine that sees only the dense gradient could not tell it from an untouched one.
 */
export interface RowKernels {
  /**
   * table[ids[i]] += updates[i], ids [n], updates [n, width], in the order of i.
   *
   * Returns how many ids lie outside the table; they are passed over.
   */
  readonly scatterAdd: (
    ids: Int32Array,
    updates: Float32Array,
    width: number,
    table: Float32Array,
  ) => number;
  /**
   * The rows that `ids` names, each once, in the order of their first occurrence: the part of `list` they were written to.
   *
   * `marks` [height] is scratch, all 0 before and after; `list` needs room for min(n, height). Ids outside the table are
   * passed over.
   */
  readonly touchedRows: (ids: Int32Array, marks: Int32Array, list: Int32Array) => Int32Array;
  /** Sets the listed rows of a gradient to 0. */
  readonly clearRows: (rows: Int32Array, width: number, g: Float32Array) => void;
  readonly sgdRows: (
    rows: Int32Array,
    width: number,
    p: Float32Array,
    g: Float32Array,
    rate: number,
  ) => void;
  readonly momentumRows: (
    rows: Int32Array,
    width: number,
    p: Float32Array,
    g: Float32Array,
    buffer: Float32Array,
    rule: MomentumRule,
    rate: number,
  ) => void;
  readonly adamRows: (
    rows: Int32Array,
    width: number,
    p: Float32Array,
    g: Float32Array,
    m: Float32Array,
    v: Float32Array,
    rule: AdamRule,
    at: AdamStep,
  ) => void;
}

/** How two regression tasks are made. */
export interface SyntheticOptions {
  /** Cosine between the two weight vectors: 1 the same task but for noise, 0 unrelated ones. */
  readonly p: number;
  readonly seed: number;
  /** Number of examples. */
  readonly rows: number;
  /** Length of an input. */
  readonly d?: number;
  /** Number of sine terms. */
  readonly m?: number;
  /** Length of the weight vectors. */
  readonly c?: number;
}

/** Inputs row by row [rows × d] and one label per row and task. */
export interface Synthetic {
  readonly inputs: Float32Array;
  readonly d: number;
  readonly labels: { readonly first: Float32Array; readonly second: Float32Array };
}

/**
 * Two regression tasks of chosen relatedness p: w₁ = c·u₁, w₂ = c·(p·u₁ + √(1 − p²)·u₂) for orthogonal
 * unit vectors u, x ~ N(0, I), y_t = w_tᵀx + Σ_i sin(α_i·w_tᵀx + β_i) + N(0, variance 0.01).
 *
 * Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts",
 * KDD 2018, section 3.2. α, β ~ N(0, 1) and the defaults of c, m and d are those of the PLE paper
 * (Tang et al., RecSys 2020), since the first one gives none. One seed gives one problem and one
 * stream of examples: fewer rows are a prefix of more.
 *
 * @throws RangeError for a p outside [−1, 1], or for sizes below 1 (d below 2).
 */
export function synthetic(options: SyntheticOptions): Synthetic {
  const { p, seed, rows, d = 512, m = 10, c = 1 } = options;
  if (!(Math.abs(p) <= 1)) throw new RangeError(`synthetic: p must be in [-1, 1], got ${p}`);
  for (const [name, value, least] of [
    ["rows", rows, 1],
    ["d", d, 2],
    ["m", m, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`synthetic: ${name} must be a whole number ≥ ${least}, got ${value}`);
    }
  }
  const normal = gaussian(seed);
  const draw = (length: number): Float64Array => Float64Array.from({ length }, normal);
  const u1 = unit(draw(d));
  const u2 = unit(without(draw(d), u1));
  const alpha = draw(m);
  const beta = draw(m);
  const label = (z: number): number => {
    let y = z;
    for (let i = 0; i < m; i++) y += Math.sin(alpha[i] * z + beta[i]);
    return y + 0.1 * normal();
  };
  const q = Math.sqrt(1 - p * p);
  const inputs = new Float32Array(rows * d);
  const first = new Float32Array(rows);
  const second = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const x = inputs.subarray(row * d, (row + 1) * d);
    for (let k = 0; k < d; k++) x[k] = normal();
    const along1 = dot(u1, x);
    const along2 = dot(u2, x);
    first[row] = label(c * along1);
    second[row] = label(c * (p * along1 + q * along2));
  }
  return { inputs, d, labels: { first, second } };
}

function dot(a: Float64Array, b: Float64Array | Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function unit(a: Float64Array): Float64Array {
  const length = Math.sqrt(dot(a, a));
  return a.map((value) => value / length);
}

/** a without its part along the unit vector u. */
function without(a: Float64Array, u: Float64Array): Float64Array {
  const along = dot(a, u);
  return a.map((value, k) => value - along * u[k]);
}

/** Standard normal numbers: Box and Muller's pairs from mulberry32, a 32-bit seeded generator. */
function gaussian(seed: number): () => number {
  let state = seed | 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Columns of `out` that stay in the first-level cache from one group of rows to the next. */
const COLUMNS: usize = 1024;
/** Rows read side by side: more streams than this outrun the hardware's prefetchers. */
const ROWS: usize = 16;

/** out = Σ_k weights[k]·J[k], J [rows, columns]; out += with `more`. Terms are added in the order of the rows. */
export function combine(
  j: usize,
  rows: usize,
  columns: usize,
  weights: usize,
  out: usize,
  more: bool,
): void {
  const stride = columns << 2;
  for (let start: usize = 0; start < columns; start += COLUMNS) {
    const width = min<usize>(COLUMNS, columns - start) << 2;
    const block = j + (start << 2);
    const target = out + (start << 2);
    if (!more) memory.fill(target, 0, width);
    for (let first: usize = 0; first < rows; first += ROWS) {
      const w = weights + (first << 2);
      const last = weights + (min<usize>(first + ROWS, rows) << 2);
      addRows(block + first * stride, stride, w, last, target, width);
    }
  }
}

/** `w` to `last` are the weights; `stride` and `bytes` those of a row. */
function addRows(j: usize, stride: usize, w: usize, last: usize, out: usize, bytes: usize): void {
  const end = out + bytes;
  for (; out + 64 <= end; out += 64, j += 64) {
    let s0 = v128.load(out);
    let s1 = v128.load(out, 16);
    let s2 = v128.load(out, 32);
    let s3 = v128.load(out, 48);
    for (let k = w, row = j; k < last; k += 4, row += stride) {
      const factor = v128.load32_splat(k);
      s0 = f32x4.add(s0, f32x4.mul(factor, v128.load(row)));
      s1 = f32x4.add(s1, f32x4.mul(factor, v128.load(row, 16)));
      s2 = f32x4.add(s2, f32x4.mul(factor, v128.load(row, 32)));
      s3 = f32x4.add(s3, f32x4.mul(factor, v128.load(row, 48)));
    }
    v128.store(out, s0);
    v128.store(out, s1, 16);
    v128.store(out, s2, 32);
    v128.store(out, s3, 48);
  }
  for (; out < end; out += 4, j += 4) {
    let sum = load<f32>(out);
    for (let k = w, row = j; k < last; k += 4, row += stride) sum += load<f32>(k) * load<f32>(row);
    store<f32>(out, sum);
  }
}

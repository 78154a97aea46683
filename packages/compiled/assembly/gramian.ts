/** Columns whose products are summed in float32: 64 in each lane. */
const BLOCK: usize = 256;

/**
 * Adds the lower triangle of J·Jᵀ, J [rows, columns], to that of `out` [rows, rows] in float64.
 *
 * A block of columns stays in the first-level cache while all pairs of rows meet in it.
 */
export function gramian(j: usize, rows: usize, columns: usize, out: usize): void {
  const stride = columns << 2;
  for (let start: usize = 0; start < columns; start += BLOCK) {
    const width = min<usize>(BLOCK, columns - start);
    const whole = width & ~7;
    const block = j + (start << 2);
    if (whole > 0) addTiles(block, rows, stride, whole << 2, out);
    if (whole < width) addRest(block + (whole << 2), rows, stride, width - whole, out);
  }
}

/** Fills the upper triangle from the lower one. */
export function mirror(out: usize, rows: usize): void {
  for (let i: usize = 1; i < rows; i++) {
    for (let k: usize = 0; k < i; k++) {
      store<f64>(out + ((k * rows + i) << 3), load<f64>(out + ((i * rows + k) << 3)));
    }
  }
}

/** Tiles of two rows by four or two, and what an odd last row needs. `stride` and `bytes` are those of a row. */
function addTiles(block: usize, rows: usize, stride: usize, bytes: usize, out: usize): void {
  const pairs = rows & ~1;
  for (let i: usize = 0; i < pairs; i += 2) {
    const a = block + i * stride;
    const target = out + ((i * rows) << 3);
    let k: usize = 0;
    for (; k + 4 <= i + 2; k += 4) {
      tile2x4(a, block + k * stride, stride, bytes, target + (k << 3), rows << 3);
    }
    if (k < i + 2) tile2x2(a, block + k * stride, stride, bytes, target + (k << 3), rows << 3);
  }
  if (pairs == rows) return;
  const a = block + pairs * stride;
  const target = out + ((pairs * rows) << 3);
  let k: usize = 0;
  for (; k + 4 <= rows; k += 4) {
    tile1x4(a, block + k * stride, stride, bytes, target + (k << 3));
  }
  for (; k < rows; k++) tile1x1(a, block + k * stride, bytes, target + (k << 3));
}

/**
 * Eight sums, six operands and a product fit the registers of x64, where 4×4 would spill, and already keep both of its
 * multipliers busy. Two vectors a turn: the addresses are worked out once for both.
 */
function tile2x4(a: usize, b: usize, stride: usize, bytes: usize, out: usize, row: usize): void {
  const a1 = a + stride;
  const b1 = b + stride;
  const b2 = b1 + stride;
  const b3 = b2 + stride;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (let c: usize = 0; c < bytes; c += 32) {
    let x = v128.load(a + c);
    let y = v128.load(a1 + c);
    let z = v128.load(b + c);
    s00 = add(s00, x, z);
    s10 = add(s10, y, z);
    z = v128.load(b1 + c);
    s01 = add(s01, x, z);
    s11 = add(s11, y, z);
    z = v128.load(b2 + c);
    s02 = add(s02, x, z);
    s12 = add(s12, y, z);
    z = v128.load(b3 + c);
    s03 = add(s03, x, z);
    s13 = add(s13, y, z);
    x = v128.load(a + c, 16);
    y = v128.load(a1 + c, 16);
    z = v128.load(b + c, 16);
    s00 = add(s00, x, z);
    s10 = add(s10, y, z);
    z = v128.load(b1 + c, 16);
    s01 = add(s01, x, z);
    s11 = add(s11, y, z);
    z = v128.load(b2 + c, 16);
    s02 = add(s02, x, z);
    s12 = add(s12, y, z);
    z = v128.load(b3 + c, 16);
    s03 = add(s03, x, z);
    s13 = add(s13, y, z);
  }
  addPair(out, s00, s01);
  addPair(out + 16, s02, s03);
  addPair(out + row, s10, s11);
  addPair(out + row + 16, s12, s13);
}

/** On the diagonal it also makes the one sum above it, which `mirror` replaces by the same. */
function tile2x2(a: usize, b: usize, stride: usize, bytes: usize, out: usize, row: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  for (const end = a + bytes; a < end; a += 16, b += 16) {
    const x = v128.load(a);
    const y = v128.load(a + stride);
    let z = v128.load(b);
    s00 = add(s00, x, z);
    s10 = add(s10, y, z);
    z = v128.load(b + stride);
    s01 = add(s01, x, z);
    s11 = add(s11, y, z);
  }
  addPair(out, s00, s01);
  addPair(out + row, s10, s11);
}

function tile1x4(a: usize, b: usize, stride: usize, bytes: usize, out: usize): void {
  const b1 = b + stride;
  const b2 = b1 + stride;
  const b3 = b2 + stride;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let c: usize = 0; c < bytes; c += 16) {
    const x = v128.load(a + c);
    s0 = add(s0, x, v128.load(b + c));
    s1 = add(s1, x, v128.load(b1 + c));
    s2 = add(s2, x, v128.load(b2 + c));
    s3 = add(s3, x, v128.load(b3 + c));
  }
  addPair(out, s0, s1);
  addPair(out + 16, s2, s3);
}

function tile1x1(a: usize, b: usize, bytes: usize, out: usize): void {
  let s = f32x4.splat(0);
  for (const end = a + bytes; a < end; a += 16, b += 16) s = add(s, v128.load(a), v128.load(b));
  const halves = promote(s);
  const sum = f64x2.extract_lane(halves, 0) + f64x2.extract_lane(halves, 1);
  store<f64>(out, load<f64>(out) + sum);
}

/** sum + x·y */
function add(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** out[0] and out[1] += the lanes of a and of b, in float64. */
function addPair(out: usize, a: v128, b: v128): void {
  const x = promote(a);
  const y = promote(b);
  const sums = f64x2.add(v128.shuffle<f64>(x, y, 0, 2), v128.shuffle<f64>(x, y, 1, 3));
  v128.store(out, f64x2.add(v128.load(out), sums));
}

/** Lanes 0 + 2 and 1 + 3. */
function promote(x: v128): v128 {
  const high = v128.shuffle<f64>(x, x, 1, 1);
  return f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(high));
}

/** The last columns, fewer than eight. */
function addRest(block: usize, rows: usize, stride: usize, width: usize, out: usize): void {
  for (let i: usize = 0; i < rows; i++) {
    for (let k: usize = 0; k <= i; k++) {
      let sum: f64 = 0;
      for (let c: usize = 0; c < width; c++) {
        const x = load<f32>(block + i * stride + (c << 2));
        const y = load<f32>(block + k * stride + (c << 2));
        sum += f64(x) * f64(y);
      }
      const target = out + ((i * rows + k) << 3);
      store<f64>(target, load<f64>(target) + sum);
    }
  }
}

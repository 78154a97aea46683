/** y += a·x */
export function axpy(a: f32, x: usize, y: usize, n: usize): void {
  const factor = f32x4.splat(a);
  const end = y + (n << 2);
  for (; y + 16 <= end; x += 16, y += 16) {
    v128.store(y, f32x4.add(v128.load(y), f32x4.mul(factor, v128.load(x))));
  }
  for (; y < end; x += 4, y += 4) store<f32>(y, load<f32>(y) + a * load<f32>(x));
}

/** x = a·x */
export function scale(x: usize, n: usize, a: f32): void {
  const factor = f32x4.splat(a);
  const end = x + (n << 2);
  for (; x + 16 <= end; x += 16) v128.store(x, f32x4.mul(v128.load(x), factor));
  for (; x < end; x += 4) store<f32>(x, load<f32>(x) * a);
}

/** x = a */
export function fill(x: usize, n: usize, a: f32): void {
  const value = f32x4.splat(a);
  const end = x + (n << 2);
  for (; x + 16 <= end; x += 16) v128.store(x, value);
  for (; x < end; x += 4) store<f32>(x, a);
}

/** x cut to [−limit, limit]; NaN stays. */
export function clipValue(x: usize, n: usize, limit: f32): void {
  const high = f32x4.splat(limit);
  const low = f32x4.splat(-limit);
  const end = x + (n << 2);
  for (; x + 16 <= end; x += 16) v128.store(x, f32x4.pmax(f32x4.pmin(v128.load(x), high), low));
  for (; x < end; x += 4) {
    const value = load<f32>(x);
    if (value > limit) store<f32>(x, limit);
    else if (value < -limit) store<f32>(x, -limit);
  }
}

/** Squares are summed in float32 over 256 elements, in 16 lanes, and from there in float64. */
export function sumOfSquares(x: usize, n: usize): f64 {
  const end = x + (n << 2);
  let sum: f64 = 0;
  while (x + 1024 <= end) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (const stop = x + 1024; x < stop; x += 64) {
      s0 = addSquare(s0, v128.load(x));
      s1 = addSquare(s1, v128.load(x, 16));
      s2 = addSquare(s2, v128.load(x, 32));
      s3 = addSquare(s3, v128.load(x, 48));
    }
    sum += total(s0) + total(s1) + total(s2) + total(s3);
  }
  for (; x < end; x += 4) {
    const value = f64(load<f32>(x));
    sum += value * value;
  }
  return sum;
}

function addSquare(sum: v128, x: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, x));
}

function total(x: v128): f64 {
  return (
    f64(f32x4.extract_lane(x, 0)) +
    f64(f32x4.extract_lane(x, 1)) +
    f64(f32x4.extract_lane(x, 2)) +
    f64(f32x4.extract_lane(x, 3))
  );
}

/** The exponent's bits decide, so that no sum can overflow. */
export function allFinite(x: usize, n: usize): bool {
  const mask = i32x4.splat(0x7fffffff);
  const largest = i32x4.splat(0x7f7fffff);
  const end = x + (n << 2);
  let found = i32x4.splat(0);
  for (; x + 16 <= end; x += 16) {
    found = v128.or(found, i32x4.gt_s(v128.and(v128.load(x), mask), largest));
  }
  let finite = !v128.any_true(found);
  for (; x < end; x += 4) if ((load<i32>(x) & 0x7fffffff) > 0x7f7fffff) finite = false;
  return finite;
}

// The rules of @polytask/core and @polytask/optimizers, in their order of float32 operations but for Adam's quotient.

/** p −= rate·g */
export function sgd(p: usize, g: usize, n: usize, rate: f32): void {
  const eta = f32x4.splat(rate);
  const end = p + (n << 2);
  for (; p + 16 <= end; p += 16, g += 16) {
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(v128.load(g), eta)));
  }
  for (; p < end; p += 4, g += 4) store<f32>(p, load<f32>(p) - load<f32>(g) * rate);
}

/** b = µ·b + g; p −= rate·b, or rate·(g + µ·b) */
export function momentum(
  p: usize,
  g: usize,
  b: usize,
  n: usize,
  mu: f32,
  nesterov: bool,
  rate: f32,
): void {
  const decay = f32x4.splat(mu);
  const eta = f32x4.splat(rate);
  const end = p + (n << 2);
  for (; p + 16 <= end; p += 16, g += 16, b += 16) {
    const gradient = v128.load(g);
    const buffer = f32x4.add(f32x4.mul(v128.load(b), decay), gradient);
    const direction = nesterov ? f32x4.add(gradient, f32x4.mul(buffer, decay)) : buffer;
    v128.store(b, buffer);
    v128.store(p, f32x4.sub(v128.load(p), f32x4.mul(direction, eta)));
  }
  for (; p < end; p += 4, g += 4, b += 4) {
    const gradient = load<f32>(g);
    const buffer = load<f32>(b) * mu + gradient;
    const direction = nesterov ? gradient + buffer * mu : buffer;
    store<f32>(b, buffer);
    store<f32>(p, load<f32>(p) - direction * rate);
  }
}

/**
 * m += rest1·(g − m); v = β₂·v + rest2·g²; p = keep·p − rate·m/(√v + floor)
 *
 * The rule's η/c₁ · m/(√v/c₂ + ε), with rate = c₂·η/c₁ and floor = c₂·ε: one division where that has two, and the divider
 * is what Adam waits for.
 */
export function adam(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  n: usize,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  floor: f32,
  rate: f32,
  keep: f32,
): void {
  const rest1s = f32x4.splat(rest1);
  const beta2s = f32x4.splat(beta2);
  const rest2s = f32x4.splat(rest2);
  const floors = f32x4.splat(floor);
  const rates = f32x4.splat(rate);
  const keeps = f32x4.splat(keep);
  const end = p + (n << 2);
  for (; p + 16 <= end; p += 16, g += 16, m += 16, v += 16) {
    const gradient = v128.load(g);
    const before = v128.load(m);
    const mean = f32x4.add(before, f32x4.mul(f32x4.sub(gradient, before), rest1s));
    const squared = f32x4.mul(f32x4.mul(gradient, gradient), rest2s);
    const square = f32x4.add(f32x4.mul(v128.load(v), beta2s), squared);
    const quotient = f32x4.div(mean, f32x4.add(f32x4.sqrt(square), floors));
    v128.store(m, mean);
    v128.store(v, square);
    const kept = f32x4.mul(v128.load(p), keeps);
    v128.store(p, f32x4.sub(kept, f32x4.mul(quotient, rates)));
  }
  for (; p < end; p += 4, g += 4, m += 4, v += 4) {
    const gradient = load<f32>(g);
    const before = load<f32>(m);
    const mean = before + (gradient - before) * rest1;
    const square = load<f32>(v) * beta2 + gradient * gradient * rest2;
    store<f32>(m, mean);
    store<f32>(v, square);
    store<f32>(p, load<f32>(p) * keep - (mean / (sqrt<f32>(square) + floor)) * rate);
  }
}

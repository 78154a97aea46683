import { adam, momentum, sgd } from "./optimizers";
import { axpy } from "./vector";

/** table[ids[i]] += updates[i], in the order of i; returns how many ids name no row of the `height` there are. */
export function scatterAdd(
  ids: usize,
  n: usize,
  updates: usize,
  width: usize,
  table: usize,
  height: usize,
): usize {
  const row = width << 2;
  let ignored: usize = 0;
  for (const end = ids + (n << 2); ids < end; ids += 4, updates += row) {
    // As an unsigned number, a negative id is too large.
    const id: usize = load<u32>(ids);
    if (id < height) axpy(1, updates, table + id * row, width);
    else ignored++;
  }
  return ignored;
}

/** Writes each row that is named by an id to `list` once, in the order of their first ids; returns how many. */
export function touchedRows(ids: usize, n: usize, marks: usize, height: usize, list: usize): usize {
  let count: usize = 0;
  for (const end = ids + (n << 2); ids < end; ids += 4) {
    const id: usize = load<u32>(ids);
    if (id >= height || load<i32>(marks + (id << 2)) != 0) continue;
    store<i32>(marks + (id << 2), 1);
    store<u32>(list + (count++ << 2), u32(id));
  }
  for (let i: usize = 0; i < count; i++) store<i32>(marks + (usize(at(list, i)) << 2), 0);
  return count;
}

export function clearRows(list: usize, count: usize, width: usize, gradient: usize): void {
  const row = width << 2;
  for (let i: usize = 0; i < count; i++) memory.fill(gradient + at(list, i) * row, 0, row);
}

export function sgdRows(
  list: usize,
  count: usize,
  width: usize,
  p: usize,
  g: usize,
  rate: f32,
): void {
  const row = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const o = at(list, i) * row;
    if (anyNonZero(g + o, row)) sgd(p + o, g + o, width, rate);
  }
}

export function momentumRows(
  list: usize,
  count: usize,
  width: usize,
  p: usize,
  g: usize,
  b: usize,
  mu: f32,
  nesterov: bool,
  rate: f32,
): void {
  const row = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const o = at(list, i) * row;
    if (anyNonZero(g + o, row)) momentum(p + o, g + o, b + o, width, mu, nesterov, rate);
  }
}

export function adamRows(
  list: usize,
  count: usize,
  width: usize,
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  step: f32,
  root: f32,
  keep: f32,
): void {
  const row = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const o = at(list, i) * row;
    if (!anyNonZero(g + o, row)) continue;
    adam(p + o, g + o, m + o, v + o, width, rest1, beta2, rest2, epsilon, step, root, keep);
  }
}

function at(list: usize, i: usize): usize {
  return load<u32>(list + (i << 2));
}

/** NaN is not zero, −0 is. */
function anyNonZero(x: usize, bytes: usize): bool {
  const end = x + bytes;
  const zero = f32x4.splat(0);
  for (; x + 16 <= end; x += 16) if (v128.any_true(f32x4.ne(v128.load(x), zero))) return true;
  for (; x < end; x += 4) if (load<f32>(x) != 0) return true;
  return false;
}

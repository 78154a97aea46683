import { adam, momentum, sgd } from "./optimizers";
import { axpy, fill } from "./vector";

/** Rows that are read ahead together. */
const GROUP: usize = 16;

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
  for (let first: usize = 0; first < n; first += GROUP) {
    const end = min<usize>(n, first + GROUP);
    touch(ids, first, end, row, height, table);
    for (let i = first; i < end; i++) {
      const id = at(ids, i);
      if (id < height) axpy(1, updates + i * row, table + id * row, width);
      else ignored++;
    }
  }
  return ignored;
}

/** Writes each row that is named by an id to `list` once, in the order of their first ids; returns how many. */
export function touchedRows(ids: usize, n: usize, marks: usize, height: usize, list: usize): usize {
  let count: usize = 0;
  for (let i: usize = 0; i < n; i++) {
    const id = at(ids, i);
    if (id >= height || load<i32>(marks + (id << 2)) != 0) continue;
    store<i32>(marks + (id << 2), 1);
    store<u32>(list + (count++ << 2), u32(id));
  }
  for (let i: usize = 0; i < count; i++) store<i32>(marks + (at(list, i) << 2), 0);
  return count;
}

export function clearRows(list: usize, count: usize, width: usize, gradient: usize): void {
  const row = width << 2;
  for (let i: usize = 0; i < count; i++) fill(gradient + at(list, i) * row, width, 0);
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
  for (let first: usize = 0; first < count; first += GROUP) {
    const end = min<usize>(count, first + GROUP);
    touch(list, first, end, row, ALL, g);
    touch(list, first, end, row, ALL, p);
    for (let i = first; i < end; i++) {
      const o = at(list, i) * row;
      if (anyNonZero(g + o, row)) sgd(p + o, g + o, width, rate);
    }
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
  for (let first: usize = 0; first < count; first += GROUP) {
    const end = min<usize>(count, first + GROUP);
    touch(list, first, end, row, ALL, g);
    touch(list, first, end, row, ALL, p);
    touch(list, first, end, row, ALL, b);
    for (let i = first; i < end; i++) {
      const o = at(list, i) * row;
      if (anyNonZero(g + o, row)) momentum(p + o, g + o, b + o, width, mu, nesterov, rate);
    }
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
  floor: f32,
  rate: f32,
  keep: f32,
): void {
  const row = width << 2;
  for (let first: usize = 0; first < count; first += GROUP) {
    const end = min<usize>(count, first + GROUP);
    touch(list, first, end, row, ALL, g);
    touch(list, first, end, row, ALL, p);
    touch(list, first, end, row, ALL, m);
    touch(list, first, end, row, ALL, v);
    for (let i = first; i < end; i++) {
      const o = at(list, i) * row;
      if (!anyNonZero(g + o, row)) continue;
      adam(p + o, g + o, m + o, v + o, width, rest1, beta2, rest2, floor, rate, keep);
    }
  }
}

/** The height of a table whose list names rows of it alone. */
const ALL: usize = u32.MAX_VALUE;

/** Row i of a list. As an unsigned number, a negative id is too large. */
function at(list: usize, i: usize): usize {
  return load<u32>(list + (i << 2));
}

/**
 * Reads a number of every cache line of some rows, so that the table's misses are waited for together and not row by row:
 * WebAssembly has no prefetch. The results go nowhere, but a load may trap, and so must be done.
 */
function touch(
  list: usize,
  first: usize,
  end: usize,
  row: usize,
  height: usize,
  table: usize,
): void {
  for (let i = first; i < end; i++) {
    const id = at(list, i);
    if (id >= height) continue;
    for (let c: usize = 0; c < row; c += 64) load<i32>(table + id * row + c);
  }
}

/** NaN is not zero, −0 is. */
function anyNonZero(x: usize, bytes: usize): bool {
  const end = x + bytes;
  const zero = f32x4.splat(0);
  for (; x + 16 <= end; x += 16) if (v128.any_true(f32x4.ne(v128.load(x), zero))) return true;
  for (; x < end; x += 4) if (load<f32>(x) != 0) return true;
  return false;
}

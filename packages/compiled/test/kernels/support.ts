import { seededRandom } from "@polytask/core";
import fc from "fast-check";
import {
  type Arena,
  createArena,
  createJsKernels,
  createKernels,
  type Kernels,
} from "../../src/kernels/index.ts";

/** Kernels on an arena of their own. */
type Implementation = Kernels & { readonly name: string; readonly arena: Arena };

/** Every implementation on every kind of memory that it is for. */
export function implementations(bytes = 1 << 20): readonly Implementation[] {
  const compiled = createArena(bytes);
  const shared = createArena(bytes, { shared: true });
  const plain = createArena(bytes);
  return [
    { name: "SIMD", ...createKernels(compiled, { simd: true }), arena: compiled },
    { name: "SIMD, shared", ...createKernels(shared, { simd: true }), arena: shared },
    { name: "JavaScript", ...createJsKernels(plain), arena: plain },
  ];
}

/** A copy of the values in the arena, `skip` elements into a region, so that it may be aligned to nothing but 4 bytes. */
export function put(arena: Arena, values: ArrayLike<number>, skip = 0): Float32Array {
  const view = arena.float32(values.length + skip).subarray(skip);
  view.set(values);
  return view;
}

export function putIds(arena: Arena, values: ArrayLike<number>): Int32Array {
  const view = arena.int32(values.length);
  view.set(values);
  return view;
}

export function normals(seed: number, count: number, scale = 1): Float32Array {
  const random = seededRandom(seed)("kernels");
  return Float32Array.from({ length: count }, () => scale * random.normal());
}

/** Any float32: subnormal numbers, both zeros, infinities and NaN among them. */
export const anyFloat = (): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.float({ min: -100, max: 100, noNaN: true }) },
    { weight: 1, arbitrary: fc.float() },
  );

/** `count` vectors of one length, often one that fills no vector register. */
export const vectors = (count: number): fc.Arbitrary<Float32Array[]> =>
  fc.integer({ min: 0, max: 70 }).chain((n) =>
    fc.array(
      fc
        .array(anyFloat(), { minLength: n, maxLength: n })
        .map((values) => Float32Array.from(values)),
      { minLength: count, maxLength: count },
    ),
  );

export const skips = (): fc.Arbitrary<number> => fc.integer({ min: 0, max: 3 });

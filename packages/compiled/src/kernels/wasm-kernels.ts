import { binary } from "./binary.ts";
import type { Kernels } from "./kernels.ts";
import { type WasmMemory, type WasmModule, webAssembly } from "./web-assembly.ts";

/** `(import "env" "memory" (memory 0))`, the module's section of imports. */
const OWN = "\x02\x0f\x01\x03env\x06memory\x02\x00\x00";
/** `(import "env" "memory" (memory 0 65536 shared))`: no other byte of a module tells whose memory it works on. */
const SHARED = "\x02\x12\x01\x03env\x06memory\x02\x03\x00\x80\x80\x04";

const modules = new Map<boolean, WasmModule>();

/** The kernels of `assembly/` on this memory, or undefined where the host cannot run SIMD. */
export function wasmKernels(memory: WasmMemory): Kernels | undefined {
  if (webAssembly === undefined) return undefined;
  const shared = !(memory.buffer instanceof ArrayBuffer);
  let compiled = modules.get(shared);
  if (compiled === undefined) {
    const code = shared ? atob(binary).replace(OWN, SHARED) : atob(binary);
    const bytes = Uint8Array.from(code, (character) => character.charCodeAt(0));
    if (!webAssembly.validate(bytes)) return undefined;
    compiled = new webAssembly.Module(bytes);
    modules.set(shared, compiled);
  }
  const { exports } = new webAssembly.Instance(compiled, { env: { memory } });
  return bind(exports as Exports);
}

/** What `assembly/index.ts` exports. */
type Exports = Readonly<
  Record<Exclude<keyof Kernels, "simd"> | "mirror", (...numbers: readonly number[]) => number>
>;

function bind(wasm: Exports): Kernels {
  return {
    simd: true,
    gramian: (j, rows, out, mode) => {
      if (mode === "set") out.fill(0);
      wasm.gramian(at(j), rows, j.length / rows, at(out));
      wasm.mirror(at(out), rows);
    },
    combine: (j, weights, out, mode) =>
      wasm.combine(at(j), weights.length, out.length, at(weights), at(out), flag(mode === "add")),
    axpy: (a, x, y) => wasm.axpy(a, at(x), at(y), x.length),
    scale: (x, a) => wasm.scale(at(x), x.length, a),
    fill: (x, a) => wasm.fill(at(x), x.length, a),
    clipValue: (x, limit) => wasm.clipValue(at(x), x.length, limit),
    sumOfSquares: (x) => wasm.sumOfSquares(at(x), x.length),
    allFinite: (x) => wasm.allFinite(at(x), x.length) !== 0,

    sgd: (p, g, rate) => wasm.sgd(at(p), at(g), p.length, rate),
    momentum: (p, g, b, { mu, nesterov }, rate) =>
      wasm.momentum(at(p), at(g), at(b), p.length, mu, flag(nesterov), rate),
    adam: (p, g, m, v, { beta1, beta2, epsilon }, { step, root, keep }) => {
      // prettier-ignore
      wasm.adam(
        at(p), at(g), at(m), at(v), p.length,
        1 - beta1, beta2, 1 - beta2, epsilon * root, step * root, keep,
      );
    },

    scatterAdd: (ids, updates, width, table) =>
      wasm.scatterAdd(at(ids), ids.length, at(updates), width, at(table), table.length / width),
    touchedRows: (ids, marks, list) =>
      list.subarray(0, wasm.touchedRows(at(ids), ids.length, at(marks), marks.length, at(list))),
    clearRows: (rows, width, g) => wasm.clearRows(at(rows), rows.length, width, at(g)),
    sgdRows: (rows, width, p, g, rate) =>
      wasm.sgdRows(at(rows), rows.length, width, at(p), at(g), rate),
    momentumRows: (rows, width, p, g, b, { mu, nesterov }, rate) => {
      // prettier-ignore
      wasm.momentumRows(
        at(rows), rows.length, width,
        at(p), at(g), at(b), mu, flag(nesterov), rate,
      );
    },
    adamRows: (rows, width, p, g, m, v, { beta1, beta2, epsilon }, { step, root, keep }) => {
      // prettier-ignore
      wasm.adamRows(
        at(rows), rows.length, width, at(p), at(g), at(m), at(v),
        1 - beta1, beta2, 1 - beta2, epsilon * root, step * root, keep,
      );
    },
  };
}

const at = (view: ArrayBufferView): number => view.byteOffset;
const flag = (value: boolean): number => (value ? 1 : 0);

import type * as koffi from "koffi";
import type { Pointer } from "./c-api.ts";

/** Copies between a JavaScript array and memory of the library, and makes nothing that a garbage collector has to see to. */
export interface Copies {
  readonly copyIn: (to: Pointer, from: Uint8Array, bytes: number) => void;
  readonly copyOut: (to: Uint8Array, from: Pointer, bytes: number) => void;
}

export function createCopies({ load }: Pick<typeof koffi, "load">): Copies {
  const system = load(process.platform === "win32" ? "msvcrt.dll" : null);
  return {
    copyIn: system.func("void memcpy(intptr_t, const uint8_t *, size_t)") as Copies["copyIn"],
    copyOut: system.func("void memcpy(uint8_t *, intptr_t, size_t)") as Copies["copyOut"],
  };
}

/** The part of WebAssembly that is used here: its types come with the DOM's alone. */
interface WebAssemblyApi {
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => WasmMemory;
  readonly Module: new (binary: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: object };
  readonly validate: (binary: Uint8Array) => boolean;
}

export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

/** A compiled module; opaque. */
export type WasmModule = object;

/** Absent where the host forbids code that is made at run time. */
export const webAssembly: WebAssemblyApi | undefined = (
  globalThis as { readonly WebAssembly?: WebAssemblyApi }
).WebAssembly;

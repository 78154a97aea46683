/** The backends that `useBackend` takes, best first: the order in which "auto" tries them. */
export const backendNames = ["tensorflow-gpu", "webgpu", "tensorflow", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

/** tfjs's own names; TensorFlow has one, whatever it runs on. */
export type TfjsBackend = "tensorflow" | "webgpu" | "wasm" | "cpu";

/** How one backend gets into the process. */
export interface Backend {
  readonly tfjs: TfjsBackend;
  /** Brings its code into the process and has tfjs know it. Throws a BackendError if it cannot. */
  readonly load: () => Promise<void>;
  /** Once it runs: on what, in words. Throws a BackendError if that is not what its name promises. */
  readonly check: () => Device;
}

/** What a backend computes on. */
export interface Device {
  /** Such as "TensorFlow 2.21.0 on the CPU". */
  readonly name: string;
  /** Set where the backend runs, but only in place of a device that is missing: "auto" goes on to the next then. */
  readonly substitute?: string;
}

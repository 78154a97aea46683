import type { InferenceSession, Tensor } from "onnxruntime-node";
import { IN_PLACE } from "../onnx/in-place.ts";
import type { LoadOptions } from "./host.ts";
import { isLarge, runInPlace, worksInPlace } from "./in-place.ts";
import { checkProvider, type Provider } from "./provider.ts";
import { loadRuntime, type Runtime } from "./runtime.ts";

export interface SessionOptions {
  /** Default "cpu". */
  readonly provider?: Provider;
  /** Threads of one session, the caller's among them. Default: one per core. */
  readonly threads?: number;
  /**
   * Whether threads wait for work in a loop instead of sleeping: 10 to 20 % faster steps, and full cores between them.
   * Default true.
   */
  readonly spinning?: boolean;
  /**
   * Whether all values that live during a run get one piece of memory, laid out from what the first run took. It saves
   * the search for room in every run, and what the first run took stays taken. Default true.
   */
  readonly planned?: boolean;
  /**
   * Where results are left, for all outputs by name: on the "device" they can be fed to the next run. Then the model must
   * have been encoded with `inPlace: false`, and every run fetches all outputs. The CPU's device is the host. Default: all
   * on the "host".
   */
  readonly locations?: Readonly<Record<string, "host" | "device">>;
}

/** Tensors by the names of a model's inputs or outputs. */
export type Tensors = Record<string, Tensor>;

/** A loaded model. */
export interface Session {
  /**
   * Runs the model once. Results are written into the arrays of `fetches`, which may be views of a WebAssembly memory;
   * one that has none (null) comes in a tensor of its own, as do all where `locations` were given. Tensors on a device
   * are the caller's to dispose, before the session is released.
   */
  readonly run: (
    feeds: Readonly<Tensors>,
    fetches: Readonly<Record<string, Tensor | null>>,
  ) => Promise<Readonly<Tensors>>;
  /** Frees the native memory; the arrays are the caller's. */
  readonly release: () => Promise<void>;
}

/**
 * Loads the runtime and tries what sessions will need of it: once a process, before the first model.
 *
 * @throws POLYTASK_ONNX_RUNTIME, POLYTASK_ONNX_PROVIDER
 */
export async function openRuntime({ provider = "cpu" }: SessionOptions): Promise<Runtime> {
  const runtime = await loadRuntime();
  await checkProvider(runtime, provider);
  if (provider === "cpu") await worksInPlace(runtime);
  return runtime;
}

/**
 * Loads a model of `encode` into onnxruntime-node.
 *
 * @throws POLYTASK_ONNX_RUNTIME without onnxruntime-node, POLYTASK_ONNX_PROVIDER without the provider's device.
 */
export async function createSession(
  bytes: Uint8Array,
  options: SessionOptions = {},
): Promise<Session> {
  const { provider = "cpu", locations } = options;
  const settings = settingsOf(options);
  const runtime = await openRuntime(options);
  const session = await runtime.InferenceSession.create(bytes, {
    ...settings,
    executionProviders: [provider],
    ...(locations && provider !== "cpu" && { preferredOutputLocation: preferred(locations) }),
  });
  const inPlace =
    provider === "cpu" && session.outputNames.includes(IN_PLACE) && (await worksInPlace(runtime));
  return {
    run: async (feeds, fetches) => {
      if (!inPlace || !isLarge(fetches)) return session.run(feeds, fetches);
      await runInPlace(session, feeds, fetches);
      return fetches;
    },
    release: () => session.release(),
  };
}

const preferred = (
  locations: Readonly<Record<string, "host" | "device">>,
): Readonly<Record<string, "cpu" | "gpu-buffer">> =>
  Object.fromEntries(
    Object.entries(locations).map(([name, place]) => [
      name,
      place === "device" ? "gpu-buffer" : "cpu",
    ]),
  );

/** The settings of a host's sessions for one of its models. */
export const settingsFor = (
  { planned, little }: LoadOptions,
  options: SessionOptions,
): SessionOptions => ({ ...options, planned, ...(little && { threads: 1 }) });

function settingsOf({
  threads,
  spinning = true,
  planned = true,
}: SessionOptions): InferenceSession.SessionOptions {
  return {
    enableMemPattern: planned,
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    interOpNumThreads: 1,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    // Warnings are about models made by others.
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: spinning ? "1" : "0" },
        // Threads take ever smaller pieces of work instead of equal ones, and none waits long for the others.
        dynamic_block_base: "4",
      },
      // As one op, a product with a bias copies and adds it on one thread.
      optimization: { disable_specified_optimizers: "MatMulAddFusion" },
    },
  };
}

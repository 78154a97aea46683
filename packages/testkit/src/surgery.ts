import { columnSums, type EnginePlugin, type Matrix, type Surgery } from "@polytask/core";
import {
  prepareSurgery,
  type Surgeries,
  type SurgeryRun,
  type SurgeryRunOptions,
} from "./prepare-surgery.ts";
import { type Sample, samples } from "./samples.ts";

/** What laws of surgery are checked on. */
export interface SurgerySubject {
  /** Makes the surgery, or a chain, afresh. */
  readonly make: () => Surgeries;
  readonly seed: number;
  readonly samples: readonly Sample[];
  /** Relative to the sizes of what is compared. Default: 1e-7 for surgeries that mix, 1e-4 for those that edit tensors. */
  readonly tolerance?: number;
  /** Calls of the plugin's factory, or of anything else of its package, that must be refused. */
  readonly rejects: readonly (() => unknown)[];
  /** Makes the engine that laws train with. Default: the eager one. */
  readonly engine?: () => EnginePlugin;
}

export const surgerySubject = (
  make: () => Surgeries,
  options: Partial<Omit<SurgerySubject, "make">> = {},
): SurgerySubject => ({ seed: 0, samples: samples(options.seed), rejects: [], ...options, make });

/** Makes the surgery for at least three tasks, runs `body`, and frees it. */
export async function withSurgery<Result>(
  subject: SurgerySubject,
  options: Partial<SurgeryRunOptions>,
  body: (run: SurgeryRun) => Promise<Result>,
  plugins: Surgeries = subject.make(),
): Promise<Result> {
  const { tasks = 3, seed = subject.seed, sizes = [2, 1, 3] } = options;
  const run = await prepareSurgery(plugins, {
    ...options,
    tasks: Math.max(3, tasks),
    sizes,
    seed,
  });
  try {
    return await body(run);
  } finally {
    run.dispose();
  }
}

/** Edited rows of the first step of a fresh surgery. */
export const editedRows = (
  subject: SurgerySubject,
  jacobian: Matrix,
  options: Partial<SurgeryRunOptions> = {},
): Promise<number[][]> =>
  withSurgery(subject, { tasks: jacobian.length, sizes: [jacobian[0].length], ...options }, (run) =>
    run.step(jacobian),
  );

/** The combined gradient of the first step of a fresh surgery. */
export const combined = async (
  subject: SurgerySubject,
  jacobian: Matrix,
  options: Partial<SurgeryRunOptions> = {},
): Promise<number[]> => columnSums(await editedRows(subject, jacobian, options));

/** Whether the surgery works on tensors, in float32. */
export const editsTensors = (parts: readonly Surgery[]): boolean => parts.some(({ mix }) => !mix);

/** `npm run bench -- <name> [options]`: one benchmark, or a list of them. */
type Benchmark = (args: readonly string[]) => Promise<void>;

/** Loaded when asked for: a process that only times others stays small. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  eager: async () => (await import("./eager.ts")).eagerSteps,
  step: async () => (await import("./step.ts")).step,
  scale: async () => (await import("./scale.ts")).scale,
  jacobian: async () => (await import("./jacobian.ts")).jacobian,
  memory: async () => (await import("./memory.ts")).memory,
  gpu: async () => (await import("./gpu/index.ts")).gpu,
  ratios: async () => (await import("./ratios.ts")).ratios,
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(benchmarks, name)) {
  console.log(`Benchmarks: ${Object.keys(benchmarks).join(", ")}`);
  process.exitCode = name === undefined ? 0 : 1;
} else {
  const run = await benchmarks[name]();
  try {
    await run(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

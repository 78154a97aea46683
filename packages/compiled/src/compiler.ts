import {
  ancestors,
  cutGramians,
  type Diagnostic,
  type Graph,
  joinTargets,
  optimise,
  type OptimiseReport,
  type Target,
} from "@polytask/graph";
import type { Loader, Program, Wiring } from "./runtime.ts";

/** What compiling one step took. */
export interface CompileReport {
  /** What the step is: "step of 256", "scores of 1024", "weights", … */
  readonly what: string;
  readonly nodes: number;
  readonly milliseconds: number;
  /** Of which tracing, passes, and loading into the runtime. */
  readonly parts: { readonly trace: number; readonly passes: number; readonly load: number };
  readonly passes: OptimiseReport;
  /** Ops that the vectorised Jacobian had no rule for, or where it lost structure; gradients held that should not be. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A traced graph and where its results go. */
export interface Compilable {
  readonly what: string;
  readonly graph: Graph;
  readonly targets: readonly Target[];
  readonly diagnostics?: readonly Diagnostic[];
  /** How many examples it is about. */
  readonly examples?: number;
  /** Milliseconds that tracing took. */
  readonly traced: number;
}

/** Of rows whose inner products are all that is wanted, so many numbers are held at once: 16 MiB. */
const PIECE = 2 ** 22;

/** Simplifies, encodes and loads a traced graph. */
export async function compile(
  { what, graph, targets, diagnostics = [], examples, traced }: Compilable,
  wiring: Wiring,
  { finish, load }: Loader,
  report: (report: CompileReport) => void,
): Promise<Program> {
  const start = performance.now();
  const joined = joinTargets(graph, targets);
  const { outputs, report: passes } = optimise(
    graph,
    joined.map(({ node }) => node),
    { examples },
  );
  const cut = cutGramians(graph, outputs, PIECE);
  const final = finish(
    graph,
    joined.map((target, i) => ({ ...target, node: cut.outputs[i] })),
  );
  const passed = performance.now();
  const program = await load(final, wiring);
  const loaded = performance.now();
  report({
    what,
    nodes: ancestors(final.map(({ node }) => node)).length,
    milliseconds: traced + loaded - start,
    parts: { trace: traced, passes: passed - start, load: loaded - passed },
    passes,
    diagnostics: [...diagnostics, ...cut.diagnostics],
  });
  return program;
}

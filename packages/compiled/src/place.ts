import type { Layout } from "@polytask/graph";
import type { Compiled } from "./compiled.ts";
import type { CompileReport } from "./compiler.ts";
import type { GatherPlan } from "./gather.ts";
import type { Gatherer } from "./gatherer.ts";
import type { Holding } from "./holding.ts";
import type { CompiledSettings } from "./runtime.ts";

/** Where a trainer's numbers are, and what fills and moves them there. */
export interface Place<Name extends string = string> {
  readonly layout: Layout<Name>;
  readonly compiled: Compiled;
  readonly plan: GatherPlan;
  readonly gatherer: Gatherer<Name>;
  readonly holding: Holding<Name>;
}

/** What a place is made with, wherever it is. */
export interface PlaceOptions {
  readonly settings: CompiledSettings;
  /** Called once for every graph that is compiled. */
  readonly report: (report: CompileReport) => void;
}

import { describe } from "vitest";
import { describeOps, describeSmallResults } from "../../graph/test/runtime/describe-ops.ts";
import { isThere, run } from "./support.ts";

describe.skipIf(!isThere)("every op, run in TensorFlow", () => {
  describeOps(run);
  describeSmallResults(run);
});

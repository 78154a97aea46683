import { describe } from "vitest";
import { describeLowerings } from "../../graph/test/runtime/describe-lowerings.ts";
import { isThere, run } from "./support.ts";

describe.skipIf(!isThere)("every lowering, run in TensorFlow", () => {
  describeLowerings(run);
});

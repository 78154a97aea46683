import { describe } from "vitest";
import { describeOps, describeSmallResults } from "../../../graph/test/runtime/describe-ops.ts";
import { run } from "./support.ts";

describe("every op, encoded and run in onnxruntime", () => {
  describeOps(run);
  describeSmallResults(run);
});

import { mergeConfig } from "vitest/config";
import base from "../vitest.base.ts";

// The other packages are done before this one is.
export default mergeConfig(base, { test: { maxWorkers: 2 } });

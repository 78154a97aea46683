import { describeLowerings } from "../../../graph/test/runtime/describe-lowerings.ts";
import { run } from "./support.ts";

describeLowerings(run);

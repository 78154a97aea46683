// `npm test`: the tests of every workspace on its built package, then the examples in the documentation.
import { docsExamples } from "./docs-examples.mjs";
import { turbo } from "./run.mjs";
import { forgetResults, saveResult, summary } from "./summary.mjs";

forgetResults();
let good = turbo("test", "--continue");
if (turbo("build")) {
  const docs = await docsExamples();
  saveResult("docs", docs.passed, docs.failed);
  good &&= docs.failed === 0;
} else {
  good = false;
}
const { passed, failed } = summary();
console.log(`${String(passed)} passed, ${String(failed)} failed`);
// tfjs keeps no handle open, but an example in the documentation might.
process.exit(good && failed === 0 ? 0 : 1);

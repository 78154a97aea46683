// `npm run check`: every check but the tests, or those named: node scripts/check.mjs lint knip
import { root, show, turbo } from "./run.mjs";
import { saveResult } from "./summary.mjs";

const bin = (name, ...args) => show(`${root}/node_modules/.bin/${name}`, args);
const script = (name) => show(process.execPath, [`${root}/scripts/${name}.mjs`]);

const checks = {
  build: () => turbo("build"),
  // One process for all workspaces, type tests included: they share what it takes to read tfjs.
  typecheck: () => bin("tsc", "-b"),
  lint: () =>
    bin("eslint", "--cache", "--cache-location", ".cache/eslint/", "--max-warnings", "0", "."),
  prettier: () => bin("prettier", "--check", "--log-level", "warn", "."),
  knip: () => bin("knip", "--no-progress"),
  packages: () => turbo("check:pkg"),
  pack: () => script("pack-test"),
  "node-versions": () => script("node-versions"),
  versioning: () => script("versioning-test"),
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
const failed = [];
for (const name of wanted) {
  const start = performance.now();
  const good = checks[name]();
  if (!good) failed.push(name);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${good ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
}
saveResult("check", wanted.length - failed.length, failed.length);
if (failed.length > 0) console.log(`Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

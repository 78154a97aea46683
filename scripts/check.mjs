// `npm run check`: every check but the tests, or those named: node scripts/check.mjs lint knip
import { availableParallelism } from "node:os";
import { inTurn, root, tell } from "./run.mjs";
import { saveResult } from "./summary.mjs";

const bin = (name, ...args) => tell(`${root}/node_modules/.bin/${name}`, args);
const script = (name) => tell(process.execPath, [`${root}/scripts/${name}.mjs`]);
const turbo = (task) => bin("turbo", "run", "--output-logs=errors-only", task);

/** What comes before all others, since they read what it makes. */
const first = ["build"];
/** Longest first: several run at once. */
const checks = {
  build: () => turbo("build"),
  // One program for all workspaces: they share what it takes to read tfjs.
  lint: () =>
    bin("eslint", "--cache", "--cache-location", ".cache/eslint/", "--max-warnings", "0", "."),
  // One process for all workspaces, type tests included.
  typecheck: () => bin("tsc", "-b"),
  pack: () => script("pack-test"),
  packages: () => turbo("check:pkg"),
  "node-versions": () => script("node-versions"),
  versioning: () => script("versioning-test"),
  prettier: () => bin("prettier", "--check", "--log-level", "warn", "."),
  knip: () => bin("knip", "--no-progress"),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.log(
    `There is no check ${unknown.join(", ")}; there are ${Object.keys(checks).join(", ")}.`,
  );
  process.exit(2);
}
const wanted = Object.keys(checks).filter((name) => asked.length === 0 || asked.includes(name));
const failed = [];
const check = async (name) => {
  const start = performance.now();
  const { good, output } = await checks[name]();
  if (!good) failed.push(name);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (!good) console.log(output);
  console.log(`${good ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
};
for (const name of wanted.filter((name) => first.includes(name))) await check(name);
await inTurn(
  wanted.filter((name) => !first.includes(name)),
  Math.min(2, availableParallelism()),
  check,
);
saveResult("check", wanted.length - failed.length, failed.length);
if (failed.length > 0) console.log(`Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

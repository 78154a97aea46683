// Adds up the results that vitest and the scripts left behind: "N passed, N failed".
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, root } from "./run.mjs";

const own = join(root, ".cache", "results");

function vitestResults() {
  const many = ["packages", "examples"].flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => join(kind, name)),
  );
  return [...many, "integration", "bench"].map((folder) =>
    join(root, folder, ".cache", "vitest.json"),
  );
}

/** Forgets earlier results, so that a run that dies early does not report them as its own. */
export function forgetResults() {
  for (const file of vitestResults()) rmSync(file, { force: true });
  rmSync(own, { recursive: true, force: true });
}

/** Keeps what one script counted. */
export function saveResult(name, passed, failed) {
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, `${name}.json`), JSON.stringify({ passed, failed }));
}

export function summary() {
  let passed = 0;
  let failed = 0;
  for (const file of vitestResults().filter((name) => existsSync(name))) {
    const result = JSON.parse(readFileSync(file, "utf8"));
    passed += result.numPassedTests;
    failed += result.numFailedTests;
    // A file that cannot be loaded has no tests to fail.
    failed += result.testResults.filter(
      (suite) => suite.status === "failed" && suite.assertionResults.length === 0,
    ).length;
  }
  for (const name of existsSync(own) ? readdirSync(own) : []) {
    const result = JSON.parse(readFileSync(join(own, name), "utf8"));
    passed += result.passed;
    failed += result.failed;
  }
  return { passed, failed };
}

if (isMain(import.meta)) {
  const { passed, failed } = summary();
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
}

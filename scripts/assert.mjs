// One printed line per assertion; the process fails when one of them did.
let failed = 0;

export function assert(good, what, found = "") {
  if (!good) failed += 1;
  console.log(`${good ? "ok    " : "FAILED"} ${what}${good || found === "" ? "" : `: ${found}`}`);
  if (failed > 0) process.exitCode = 1;
  return good;
}

/** The assertion that something does not throw. */
export function attempt(what, action) {
  try {
    action();
    return assert(true, what);
  } catch (error) {
    return assert(false, what, error.message);
  }
}

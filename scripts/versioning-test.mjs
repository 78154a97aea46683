// Runs the release plan on a copy of the repository: a change to one package must not release the others.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { assert, attempt } from "./assert.mjs";
import { packages, root, run } from "./run.mjs";

const copy = mkdtempSync(join(tmpdir(), "polytask-versions-"));
const git = (...args) =>
  run("git", ["-c", "user.name=test", "-c", "user.email=test@localhost", ...args], { cwd: copy });

function copyRepository() {
  const files = run("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).split(
    "\0",
  );
  for (const file of files.filter((name) => name !== "")) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  git("init", "--quiet", "--initial-branch", "main");
  commit();
}

function commit() {
  git("add", "--all");
  git("commit", "--quiet", "--message", "state");
}

const versions = () =>
  new Map(packages(copy).map(({ manifest }) => [manifest.name, manifest.version]));
const list = (names) => names.map((name) => name.replace("@polytask/", "")).join(", ");

/** Releases one change of one package; what else gets a new version? */
function release(name, bump) {
  git("reset", "--quiet", "--hard");
  const before = versions();
  writeFileSync(
    join(copy, ".changeset", "change.md"),
    `---\n"${name}": ${bump}\n---\n\nA change.\n`,
  );
  version();
  const after = versions();
  return [...after].filter(([key, value]) => value !== before.get(key)).map(([key]) => key);
}

function version() {
  run("npm", ["run", "version"], { cwd: copy });
}

function installs(when) {
  attempt(`npm ci passes ${when}`, () => {
    run("npm", ["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], {
      cwd: copy,
    });
  });
}

try {
  copyRepository();
  installs("as checked out");
  const pending = readdirSync(join(copy, ".changeset")).filter((name) => name.endsWith(".md"));
  if (pending.length > 0) {
    version();
    installs("after the pending changesets");
  }
  const firsts = [...versions()].filter(([, value]) => value.startsWith("0."));
  assert(
    firsts.length === 0,
    "every package is at 1.0.0 or later",
    list(firsts.map(([name]) => name)),
  );
  commit();

  const core = "@polytask/core";
  const pcgrad = "@polytask/surgery-pcgrad";
  const dependents = packages(copy)
    .filter(({ manifest }) => manifest.peerDependencies?.[core] !== undefined)
    .map(({ manifest }) => manifest.name);

  const patched = release(pcgrad, "patch");
  assert(
    list(patched) === list([pcgrad]),
    "a patch of surgery-pcgrad releases only it",
    list(patched),
  );
  installs("after it");

  const minor = release(core, "minor");
  assert(list(minor) === list([core]), "a minor of core releases only core", list(minor));
  installs("after it");

  const major = release(core, "major");
  const released = packages(copy).filter(({ manifest }) => dependents.includes(manifest.name));
  assert(
    dependents.every((name) => major.includes(name)) && major.includes(core),
    `a major of core releases core and the ${String(dependents.length)} packages built on it`,
    list(major),
  );
  const next = `^${versions().get(core)}`;
  const behind = released.filter(({ manifest }) => manifest.peerDependencies[core] !== next);
  assert(
    behind.length === 0,
    `their range of core becomes ${next}`,
    list(behind.map((p) => p.manifest.name)),
  );
  const others = major.filter((name) => name !== core && !dependents.includes(name));
  assert(others.length === 0, "it releases nothing else", list(others));
  installs("after it");
} finally {
  rmSync(copy, { recursive: true, force: true });
}

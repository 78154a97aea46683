// Tests what ships: packs the packages, installs the tarballs in empty folders outside the repository, and
// runs them in plain Node, which (unlike vitest) refuses a missing export.
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, attempt } from "./assert.mjs";
import { packages, root, run } from "./run.mjs";

const temporary = mkdtempSync(join(tmpdir(), "polytask-pack-"));
const coreManifest = packages().find(({ manifest }) => manifest.name === "@polytask/core").manifest;
const tfjs = `@tensorflow/tfjs@${coreManifest.peerDependencies["@tensorflow/tfjs"]}`;

const INSTALL = "ONNXRUNTIME_NODE_INSTALL=skip npm i onnxruntime-node";

/** What an action throws; nothing where it does not. */
function messageOf(action) {
  try {
    action();
    return "";
  } catch (error) {
    return error.message;
  }
}

/** Name of a package → its tarball. */
function pack() {
  const places = packages().map(({ folder }) => folder);
  const report = run("npm", [
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    temporary,
    ...places,
  ]);
  return new Map(JSON.parse(report).map(({ name, filename }) => [name, join(temporary, filename)]));
}

/** What npm does not add by itself: vitest for the testkit, the wasm backend. */
function optionalPeers() {
  return packages().flatMap(({ manifest }) =>
    Object.entries(manifest.peerDependencies ?? {})
      .filter(([name]) => manifest.peerDependenciesMeta?.[name]?.optional)
      .map(([name, range]) => `${name}@${range}`),
  );
}

/** A folder with no `.npmrc`; packages' own scripts run where a user's would. */
function emptyProject(name, specifiers, { scripts = false } = {}) {
  const folder = mkdtempSync(join(temporary, name));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const options = ["--prefer-offline", "--no-audit", "--no-fund"];
  if (!scripts) options.push("--ignore-scripts");
  run("npm", ["install", ...options, ...specifiers], { cwd: folder });
  cpSync(join(root, "scripts/programs"), folder, { recursive: true });
  return folder;
}

try {
  const tarballs = pack();
  assert(tarballs.size === packages().length, `${String(tarballs.size)} packages packed`);

  const needed = ["core", "blocks", "arch-mmoe", "surgery-pcgrad"];
  let small;
  attempt(`${needed.join(", ")} install from tarballs without running scripts`, () => {
    small = emptyProject("train-", [
      ...needed.map((name) => tarballs.get(`@polytask/${name}`)),
      tfjs,
    ]);
  });
  if (small !== undefined) {
    const installed = readdirSync(join(small, "node_modules"), { recursive: true });
    const native = installed.filter((file) => file.endsWith(".node"));
    assert(native.length === 0, "no native package among what they need", native.join(", "));
    attempt("they train a small network in plain Node", () => {
      run(process.execPath, ["train.mjs"], { cwd: small });
    });
  }

  let compiled;
  attempt(
    "the compiled engine installs from tarballs, scripts and all, without ONNX Runtime",
    () => {
      compiled = emptyProject(
        "compiled-",
        [
          ...[...needed, "graph", "compiled", "engine-onnx"].map((name) =>
            tarballs.get(`@polytask/${name}`),
          ),
          tfjs,
        ],
        { scripts: true },
      );
    },
  );
  if (compiled !== undefined) {
    const train = () => run(process.execPath, ["train.mjs", "compiled"], { cwd: compiled });
    attempt("it names the line that installs ONNX Runtime", () => {
      const said = messageOf(train);
      if (!said.includes(INSTALL)) throw new Error(said);
    });
    attempt("after that line it trains", () => {
      run("sh", ["-c", INSTALL], { cwd: compiled });
      train();
    });
  }

  let all;
  attempt("all packages install together from tarballs", () => {
    all = emptyProject("import-", [...tarballs.values(), tfjs, ...optionalPeers()]);
  });
  if (all !== undefined) {
    for (const { manifest } of packages()) {
      for (const place of Object.keys(manifest.exports)) {
        if (place === "./package.json") continue;
        const name = manifest.name + place.slice(1);
        attempt(`${name} imports in plain Node`, () => {
          run(process.execPath, ["import.mjs", name], { cwd: all });
        });
      }
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

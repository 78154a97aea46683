// The commands with a real TensorFlow: node packages/backend/test/real-tensorflow.mjs --from DIR|WHEEL
//
// Needs the built package, the npm registry and a C++ compiler; writes only below the system's temporary folder. Makes
// each fault that the doctor tells apart in real libraries, and wants it named.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { from } = parseArgs({ options: { from: { type: "string" } } }).values;
if (from === undefined) {
  console.error("usage: node real-tensorflow.mjs --from DIR|WHEEL");
  process.exit(2);
}
const source = resolve(from);
const isWheel = fs.statSync(source).isFile();
const temporary = fs.mkdtempSync(join(tmpdir(), "polytask-real-"));
const project = join(temporary, "project");
const tensorflow = join(temporary, "tensorflow");
const cc = join(tensorflow, "libtensorflow_cc.so.2");
const framework = join(tensorflow, "libtensorflow_framework.so.2");
let passed = 0;
let failed = 0;

function check(what, holds, shown = "") {
  if (holds) passed++;
  else failed++;
  console.log(`${holds ? "ok  " : "FAIL"} ${what}${holds ? "" : `\n${shown}`}`);
}

function install() {
  fs.mkdirSync(project);
  fs.writeFileSync(join(project, "package.json"), JSON.stringify({ private: true }));
  const here = fileURLToPath(new URL("..", import.meta.url));
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", temporary];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { cwd: here, encoding: "utf8" }));
  const packages = [
    "@tensorflow/tfjs@4.22.0",
    "@tensorflow/tfjs-node-gpu@4.22.0",
    "node-api-headers",
  ];
  const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  execFileSync("npm", ["install", ...options, join(temporary, filename), ...packages], {
    cwd: project,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

const program = join(project, "node_modules/@polytask/backend/dist/cli.js");

/** Runs a command of the package in the project. */
function run(args, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr, text: stdout + stderr };
}

const build = (where = tensorflow, ...more) => run(["build-tensorflow", "--from", where, ...more]);

/** The doctor's exit code, and what it says of the backend `tensorflow`. */
function doctor(env) {
  const { status, stdout, text } = run(["doctor", "--json"], env);
  const finding = JSON.parse(stdout).backends.find(({ name }) => name === "tensorflow");
  return { status, finding, text };
}

/** Makes a fault, asks the doctor, and takes the fault back. */
function fault(what, code, remedy, make, { env, also = /./ } = {}) {
  const restore = make();
  const { status, finding, text } = doctor(env);
  const told = finding.fault?.code === code && remedy.test(finding.fault.remedy);
  check(`${what}: ${code}`, status === 1 && told && also.test(finding.fault.found), text);
  restore();
}

/** Puts a changed copy in the place of a file. */
function altered(path, change) {
  return () => {
    const aside = `${path}.aside`;
    fs.renameSync(path, aside);
    change(path, aside);
    return () => {
      fs.rmSync(path, { force: true });
      fs.renameSync(aside, path);
    };
  };
}

const removed = (path) => altered(path, () => {});
const written = (path, text) => altered(path, () => fs.writeFileSync(path, text));

/** The first `share` of a file, or all but a number of bytes. */
const cut = (path, length) =>
  altered(path, (_, aside) => {
    fs.copyFileSync(aside, path, fs.constants.COPYFILE_FICLONE);
    fs.truncateSync(path, Math.floor(length(fs.statSync(aside).size)));
  });

const patched = (path, ...changes) =>
  altered(path, (_, aside) => {
    const bytes = fs.readFileSync(aside);
    for (const change of changes) change(bytes);
    fs.writeFileSync(path, bytes);
  });

const forArm = (bytes) => bytes.writeUInt16LE(bytes.readUInt16LE(18) === 183 ? 62 : 183, 18);
const renamed = (old, name) => (bytes) => {
  for (let at = bytes.indexOf(`${old}\0`); at >= 0; at = bytes.indexOf(`${old}\0`, at + 1))
    bytes.write(name.padEnd(old.length, "\0"), at, "latin1");
};

/** Builds the addon as others link it: without -z now. */
function buildLazily() {
  const compiler = join(temporary, "lazily");
  fs.writeFileSync(compiler, '#!/bin/bash\nexec g++ "${@/#-Wl,-z,now/-Wl,-z,lazy}"\n', {
    mode: 0o755,
  });
  fs.rmSync(addon);
  const { status, text } = run(["build-tensorflow", "--from", tensorflow], { CXX: compiler });
  const note = doctor().finding.notes.join();
  check(
    "an addon without -z now works, with a note",
    status === 0 && /-z now/.test(note),
    text + note,
  );
}

/** A folder of our own with the same libraries, which the faults are made in. */
function prepare() {
  if (isWheel) {
    const first = build(source, "--to", tensorflow);
    check("builds from a wheel", first.status === 0 && / works: /.test(first.text), first.text);
    const again = build(source, "--to", tensorflow);
    check(
      "unpacks and builds once",
      again.status === 0 && /up to date/.test(again.text),
      again.text,
    );
    return;
  }
  fs.mkdirSync(tensorflow);
  for (const name of ["include", basename(cc), basename(framework)])
    fs.symlinkSync(join(source, name), join(tensorflow, name));
  const first = build();
  check("builds from a folder", first.status === 0 && / works: /.test(first.text), first.text);
  const again = build();
  check("builds once", again.status === 0 && /up to date/.test(again.text), again.text);
}

function leftovers() {
  const folders = [temporary, dirname(addon)].filter((folder) => fs.existsSync(folder));
  return folders.flatMap((folder) => fs.readdirSync(folder)).filter((name) => name.startsWith("."));
}

/** Interrupts a build as soon as it says `line`. */
async function interrupt(args, line) {
  const child = spawn(process.execPath, [program, "build-tensorflow", ...args], { cwd: project });
  let sent = false;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    if (sent || !text.includes(line)) return;
    sent = true;
    setTimeout(() => child.kill("SIGINT"), 500);
  });
  return new Promise((done) => child.once("close", done));
}

let addon = join(project, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node");
try {
  install();
  addon = join(
    dirname(createRequire(program).resolve("@tensorflow/tfjs-node-gpu/package.json")),
    "lib/napi-v8/tfjs_binding.node",
  );
  const bare = doctor();
  check(
    "before the build: addon-missing",
    bare.status === 1 && bare.finding.fault?.code === "addon-missing",
    bare.text,
  );
  if (isWheel) {
    const code = await interrupt(["--from", source, "--to", tensorflow], "unpacking");
    check(
      "interrupted while unpacking: nothing left",
      code === 130 && leftovers().length === 0 && !fs.existsSync(tensorflow),
      code,
    );
    const broken = join(temporary, basename(source));
    fs.copyFileSync(source, broken, fs.constants.COPYFILE_FICLONE);
    const file = fs.openSync(broken, "r+");
    fs.writeSync(file, Buffer.alloc(4096), 0, 4096, Math.floor(fs.statSync(broken).size / 2));
    fs.closeSync(file);
    const corrupt = build(broken, "--to", tensorflow);
    check(
      "a corrupt wheel: nothing left",
      corrupt.status === 1 &&
        /wheel-damaged/.test(corrupt.text) &&
        leftovers().length === 0 &&
        !fs.existsSync(tensorflow),
      corrupt.text,
    );
    fs.rmSync(broken);
  }
  prepare();

  const works = run(["doctor", "--require", "tensorflow"]);
  check(
    "the doctor is content",
    works.status === 0 && /^tensorflow +works +TensorFlow/m.test(works.text),
    works.text,
  );
  const gpu = run(["doctor", "--require", "tensorflow-gpu", "--json"]);
  const [first] = JSON.parse(gpu.stdout).backends;
  check(
    "a required GPU works, or its want is a failure",
    first.state === "works" ? gpu.status === 0 : first.state === "no device" && gpu.status === 1,
    gpu.text,
  );

  const whole = isWheel ? /Unpack it again: .*--from .*--to/ : /Put a whole copy of it there/;
  const rebuild = /npx polytask-backend build-tensorflow --from/;
  fault("no framework library", "library-missing", whole, removed(framework));
  fault("no cc library", "library-missing", whole, removed(cc));
  fault("an empty library", "library-empty", whole, written(cc, ""));
  fault(
    "a web page",
    "library-web-page",
    whole,
    written(framework, "<!DOCTYPE html>\n<p>no</p>\n"),
  );
  fault(
    "the first 100 bytes",
    "library-cut",
    whole,
    cut(cc, () => 100),
  );
  fault(
    "half of the cc library",
    "library-cut",
    whole,
    cut(cc, (size) => size / 2),
  );
  fault(
    "half of the framework library",
    "library-cut",
    whole,
    cut(framework, (size) => size / 2),
  );
  fault(
    "a cut symbol table",
    "library-cut",
    whole,
    cut(cc, (size) => size * 0.89),
  );
  fault(
    "half of the addon",
    "addon-cut",
    rebuild,
    cut(addon, (size) => size / 2),
  );
  fault(
    "an addon cut in its symbol table",
    "addon-cut",
    rebuild,
    cut(addon, (size) => size - 700),
  );
  fault("an addon for another processor", "addon-architecture", rebuild, patched(addon, forArm));
  fault(
    "a library for another processor",
    "library-architecture",
    rebuild,
    patched(framework, forArm),
  );
  fault("no addon", "addon-missing", rebuild, removed(addon));
  const lacks = renamed("TFE_NewContextOptions", "TFE_NewContextOptionz");
  fault("a function is missing", "function-missing", rebuild, patched(addon, lacks), {
    also: /\(TFE_NewContextOptionz\)$/,
  });
  const archive = renamed("libtensorflow_cc.so.2", "libtensorflow.so.2");
  fault("another name", "library-other-name", rebuild, patched(addon, archive));
  fault("TensorFlow is gone", "library-nowhere", rebuild, removed(tensorflow));
  const other = renamed("libtensorflow_framework.so.2", "libtensorflow_framework.so.3");
  fault("a library of another name", "library-misnamed", whole, patched(framework, other));
  const elsewhere = join(temporary, "elsewhere");
  fault(
    "the two libraries apart",
    "libraries-apart",
    /LD_LIBRARY_PATH/,
    () => {
      fs.mkdirSync(elsewhere);
      fs.copyFileSync(framework, join(elsewhere, basename(framework)));
      return removed(framework)();
    },
    { env: { LD_LIBRARY_PATH: elsewhere } },
  );

  // what files do not show
  const napi = renamed("napi_create_array_with_length", "napi_create_array_with_lengtz");
  fault("a function of Node's is missing", "not-started", rebuild, patched(addon, napi), {
    also: /undefined symbol/,
  });
  const damaged = altered(cc, (_, aside) => {
    fs.copyFileSync(aside, cc, fs.constants.COPYFILE_FICLONE);
    const file = fs.openSync(cc, "r+");
    const size = fs.statSync(cc).size;
    for (let at = size * 0.4; at < size * 0.6; at += 1 << 24)
      fs.writeSync(file, Buffer.alloc(1 << 24), 0, 1 << 24, Math.floor(at));
    fs.closeSync(file);
  });
  fault("zeros in the code", "killed", whole, damaged, { also: /SIG/ });

  buildLazily();
  fault("a function is missing at its call", "function-missing", rebuild, patched(addon, lacks), {
    also: /-z now/,
  });
  fault(
    "a function of Node's is missing at its call",
    "function-missing-at-call",
    rebuild,
    patched(addon, napi),
  );

  // what a build makes of it
  const aside = patched(addon, lacks)();
  const again = build();
  check(
    "a build replaces a broken addon",
    again.status === 0 && / works: /.test(again.text),
    again.text,
  );
  aside();
  if (isWheel) {
    cut(cc, (size) => size / 2)();
    const repaired = build(source, "--to", tensorflow);
    check("a build unpacks a broken library again", repaired.status === 0, repaired.text);
  }
  fs.rmSync(addon);
  const code = await interrupt(["--from", tensorflow], "building");
  check(
    "interrupted while building: nothing left",
    code === 130 && leftovers().length === 0 && !fs.existsSync(addon),
    code,
  );
  const compiler = run(["build-tensorflow", "--from", tensorflow], { PATH: "", CXX: "" });
  check(
    "no compiler",
    compiler.status === 1 && /compiler-missing/.test(compiler.text),
    compiler.text,
  );
  const wrong = build(project);
  check("a wrong folder", wrong.status === 1 && /source-wrong/.test(wrong.text), wrong.text);
  const last = build();
  check("builds after all", last.status === 0 && leftovers().length === 0, last.text);
} finally {
  fs.rmSync(temporary, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

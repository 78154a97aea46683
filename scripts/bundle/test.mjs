// Makes the GPU bundle and runs it as on a machine that has neither Node nor network, on a software adapter where one is
// found: node scripts/bundle/test.mjs
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { assert } from "../assert.mjs";
import { bundleGpu } from "../bundle-gpu.mjs";

const TOOLS = "sh uname tail gzip wc mkdir mv rm chmod cat ls dirname".split(" ");

const folder = mkdtempSync(join(tmpdir(), "polytask-bundle-"));
const home = join(folder, "polytask-gpu");

/** Only these tools, and no network where the system can take it away. */
function bare() {
  const path = join(folder, "bin");
  mkdirSync(path);
  for (const tool of TOOLS) symlinkSync(find(tool) ?? tool, join(path, tool));
  const unshare = find("unshare");
  const canLeave = unshare && spawnSync(unshare, ["--net", find("true")]).status === 0;
  const alone = canLeave ? [unshare, "--net"] : [];
  console.log(canLeave ? "without network" : "with network: unshare --net is not allowed");
  const [program, ...before] = [...alone, join(path, "sh")];
  return (args, more = {}) => {
    const env = { PATH: path, HOME: folder, ...more };
    return spawnSync(program, [...before, ...args], { cwd: folder, env, encoding: "utf8" });
  };
}

const find = (tool) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((part) => join(part, tool))
    .find((file) => existsSync(file));

/** One run, its exit code and a word that it must say. */
function expectRun(what, { status, stdout, stderr }, code, said = "") {
  const output = `${stdout}${stderr}`;
  assert(status === code && output.includes(said), what, `exit code ${String(status)}\n${output}`);
}

/** What tells Vulkan of a software adapter here; run.sh knows chromium's by itself. */
const vulkan = Object.fromEntries(
  ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "LD_LIBRARY_PATH"].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  ),
);

try {
  const archive = await bundleGpu(join(folder, "polytask-gpu.run"));
  const run = bare();
  const runSh = join(home, "run.sh");

  const short = join(folder, "short.run");
  copyFileSync(archive, short);
  truncateSync(short, 40_000_000);
  expectRun("a copy that ends early is refused", run([short]), 2, "Copy it again");
  const broken = join(folder, "broken.run");
  copyFileSync(archive, broken);
  const file = openSync(broken, "r+");
  writeSync(file, "broken", 1_000_000);
  closeSync(file);
  expectRun("so is one with other bytes", run([broken]), 2, "Copy it again");
  const left = readdirSync(folder).filter((name) => name.startsWith("polytask-gpu."));
  assert(left.length === 1, "they leave nothing behind", left.join(", "));
  expectRun("another option is refused", run([archive, "--into", "x"]), 2, "--to DIR");
  expectRun("a folder with other files is refused", run([archive, "--to", folder]), 2, "--to DIR");

  expectRun("the archive unpacks", run([archive]), 0, "doctor");
  expectRun("and sees that it has", run([archive]), 0, "already");

  const none = { VK_DRIVER_FILES: "/none.json", VK_ICD_FILENAMES: "/none.json" };
  expectRun(
    "without an adapter the doctor says why",
    run([runSh, "doctor"], none),
    3,
    "No adapter",
  );
  expectRun("so does a benchmark", run([runSh, "bench"], none), 3, "No adapter");
  expectRun("an unknown command is refused", run([runSh, "cure"], none), 2, "Name one");

  const doctor = run([runSh, "doctor", "--software"], vulkan);
  if (doctor.status === 3) {
    console.log("SKIPPED conformance and times: Vulkan finds no adapter here");
  } else {
    expectRun("the doctor finds an adapter", doctor, 0, "WebGPU on");
    const json = join(folder, "results.json");
    const options = ["--quick", "--software", "--json", json];
    expectRun("all of it runs", run([runSh, "bench", ...options], vulkan), 0, "is written");
    const { rows, conformance, failures } = JSON.parse(readFileSync(json, "utf8"));
    const timed = rows.filter(({ device }) => device?.startsWith("WebGPU on"));
    assert(timed.length === 2, "both engines have a time, with the adapter's name");
    assert(
      conformance.length === 2 && conformance.every(({ agrees }) => agrees),
      "both have the CPU's gradients",
    );
    assert(failures.length === 0, "nothing failed", failures.join("\n"));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

// Whether the doctor finds that one backend works, whatever the others do: a clone that has tfjs-node has no addon for it yet.
//
//   node scripts/backends/doctor.mjs BACKEND
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../run.mjs";

const [backend] = process.argv.slice(2);
const cli = join(root, "packages/backend/dist/cli.js");
const { stdout } = spawnSync(process.execPath, [cli, "doctor", "--json"], { encoding: "utf8" });
const found = JSON.parse(stdout).backends.find(({ name }) => name === backend);
console.log(JSON.stringify(found, null, 2));
process.exitCode = found?.state === "works" ? 0 : 1;

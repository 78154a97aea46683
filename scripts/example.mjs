// `npm run example -- toy --full`: builds what examples/toy needs and runs it with the other arguments.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root, show, turbo } from "./run.mjs";

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(join(root, "examples")).filter((folder) =>
  existsSync(join(root, "examples", folder, "src", "main.ts")),
);
if (!names.includes(name)) {
  console.error(`Which example? One of: ${names.join(", ")}`);
  process.exit(1);
}
const built = turbo("build", `--filter=./examples/${name}`);
process.exitCode =
  built && show(process.execPath, [join(root, "examples", name, "dist/main.js"), ...args]) ? 0 : 1;

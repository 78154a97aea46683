// `npm run example -- toy --full`: builds what examples/toy needs and runs it with the other arguments.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root, show } from "./run.mjs";

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(join(root, "examples")).filter((folder) =>
  existsSync(join(root, "examples", folder, "src", "main.ts")),
);
if (!names.includes(name)) {
  console.error(`Which example? One of: ${names.join(", ")}`);
  process.exit(1);
}
const folder = join(root, "examples", name);
const program = join(folder, "dist/main.js");
if (!existsSync(program)) console.log("Compiling what it needs, once");
// One compiler for all packages reads tfjs's types once: a third of the time of one for each.
const built = show(join(root, "node_modules/.bin/tsc"), ["-b", folder]);
process.exitCode = built && show(process.execPath, [program, ...args]) ? 0 : 1;

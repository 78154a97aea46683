/** `npm run bench -- <name>`: one benchmark, or a list of them. */
import { eagerSteps } from "./eager.ts";

const benchmarks: Readonly<Record<string, () => Promise<void>>> = { eager: eagerSteps };

const name = process.argv[2];
const run = name === undefined ? undefined : benchmarks[name];
if (run === undefined) {
  console.log(`Benchmarks: ${Object.keys(benchmarks).join(", ")}`);
  process.exitCode = name === undefined ? 0 : 1;
} else {
  await run();
}

// `npm run build` and its like: node scripts/turbo.mjs <task…>
import { turbo } from "./run.mjs";

process.exitCode = turbo(...process.argv.slice(2)) ? 0 : 1;

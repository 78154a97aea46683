// Writes docs/gradients.md: which gradients are right on which backend, in stock tfjs and with Polytask.
//
//   node scripts/gradients.mjs                       cpu, wasm and the compiled engine; other columns stay as they are
//   node scripts/gradients.mjs --backends webgpu     those named, of the columns of the table
//   node scripts/gradients.mjs --check               changes nothing; fails where the file is not current
//   node scripts/gradients.mjs --file copy.md        another file
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  caseName,
  gradientCases,
  gradientDistance,
  gradientsAgree,
  isRightGradient,
} from "@polytask/testkit/gradients";
import { measureAll } from "./gradients/measure-all.mjs";
import { columns, outcomes, readCells, render } from "./gradients/table.mjs";
import { root } from "./run.mjs";

const { values: options } = parseArgs({
  options: {
    backends: { type: "string", default: "cpu,wasm,compiled" },
    check: { type: "boolean", default: false },
    file: { type: "string", default: join(root, "docs/gradients.md") },
  },
});
const backends = options.backends.split(",");
const unknown = backends.filter((name) => !columns.includes(name));
if (unknown.length > 0) {
  console.log(`There is no backend ${unknown.join(", ")}; there are ${columns.join(", ")}.`);
  process.exit(2);
}

/** Columns of an engine that stock tfjs does not have, and their processes. */
const COMPILED = new Map([
  ["compiled", "compiled cpu"],
  ["compiled webgpu", "compiled webgpu"],
]);

/** The process that gives a column what it says of Polytask. */
const polytask = (column) => COMPILED.get(column) ?? `repaired ${column}`;
const stock = backends.filter((name) => !COMPILED.has(name)).map((name) => `stock ${name}`);

const start = performance.now();
const measured = await measureAll([
  // Longest first.
  ...new Set(["differences cpu", ...backends.map(polytask).reverse(), "repaired cpu", ...stock]),
]);
const found = new Map(backends.map((backend) => [backend, columnOf(backend)]));
const before = existsSync(options.file) ? readFileSync(options.file, "utf8") : "";
const after = render(gradientCases, new Map([...readCells(before), ...found]));

const faults = [...backends.flatMap(disagreements), ...(options.check ? outdated() : [])];
if (!options.check) writeFileSync(options.file, after);
for (const [backend, column] of found) {
  const counts = outcomes(column).map(([what, count]) => `${String(count)} ${what}`);
  console.log(`${backend}: ${counts.join(", ")}`);
}
console.log([...faults, `${((performance.now() - start) / 1000).toFixed(1)} s`].join("\n"));
process.exitCode = faults.length === 0 ? 0 : 1;

/** A column's cells, by the name of the case. */
function columnOf(backend) {
  return new Map(
    gradientCases.map((of) => {
      const now = outcome(of, polytask(backend));
      const shipped = COMPILED.has(backend) ? "right" : outcome(of, `stock ${backend}`);
      return [caseName(of), now === "right" && shipped !== now ? `repaired (${shipped})` : now];
    }),
  );
}

function outcome(of, process) {
  const gradients = gradientsOf(of, process);
  if (typeof gradients === "string") return "missing";
  return isRightGradient(of, gradients, gradientsOf(of, "differences cpu")) ? "right" : "wrong";
}

function gradientsOf(of, process) {
  return measured.get(process).get(caseName(of));
}

/** What is right must also be what it is on cpu, to float32: far stricter than differences can be. */
function disagreements(backend) {
  const both = ["repaired cpu", polytask(backend)];
  return gradientCases.flatMap((of) => {
    if (both.some((process) => outcome(of, process) !== "right")) return [];
    const [a, b] = both.map((process) => gradientsOf(of, process));
    if (gradientsAgree(of, b, a)) return [];
    const distance = gradientDistance(b, a).toExponential(1);
    return [`${caseName(of)}, ${backend}: right, but ${distance} from cpu`];
  });
}

/** Cells that are not current, then the first lines that are not. */
function outdated() {
  if (before === after) return [];
  const old = readCells(before);
  const cells = [...found].flatMap(([backend, column]) =>
    [...column].flatMap(([name, now]) => {
      const said = old.get(backend)?.get(name) ?? "nothing";
      return said === now ? [] : [`${name}, ${backend}: the file says ${said}, found ${now}`];
    }),
  );
  const written = before.split("\n");
  const lines = after
    .split("\n")
    .flatMap((line, i) => (line === written[i] ? [] : [`- ${written[i] ?? ""}\n+ ${line}`]));
  const title = `${options.file} is not current; run this without --check:`;
  return [title, ...cells, ...lines.slice(0, 10)];
}

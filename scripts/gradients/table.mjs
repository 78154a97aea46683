// docs/gradients.md, written and read.

export const columns = ["cpu", "wasm", "tensorflow", "webgpu", "compiled", "compiled webgpu"];
const NOT_RUN = "–";

const kinds = ["right", "repaired (wrong)", "repaired (missing)", "wrong", "missing"];

/** How often a column says what. */
export function outcomes(column) {
  return kinds.map((kind) => [kind, [...column.values()].filter((cell) => cell === kind).length]);
}

const head = (count) => `# Gradients, op by op

tfjs has some gradients wrong and lacks others. This is what ${String(count)} uses of its ops come to, on every backend, in stock tfjs
and with Polytask. Written by a program; do not edit:

\`\`\`sh
npm run build && node scripts/gradients.mjs                # the columns cpu, wasm, compiled
node scripts/gradients.mjs --backends "tensorflow,webgpu,compiled webgpu"    # where these are installed
node scripts/gradients.mjs --check                         # whether this page is current
\`\`\`

A case is a function of a few small tensors, from the catalogue \`gradientCases\` of
[@polytask/testkit](../packages/testkit/README.md). Its gradient is held against central differences of the forward pass on
the cpu backend, to 1e-4; what is right is also held against the cpu's gradient, to 1e-5. (Trigonometric functions, which
WebGPU computes less exactly, to 2e-3.) Stock tfjs is \`tf.grads\`, in a process in which nothing has been repaired. Polytask
is a step of a trainer, in another process, after \`useBackend\` of [@polytask/backend](../packages/backend/README.md); the
columns "compiled" and "compiled webgpu" are steps of the engine of
[@polytask/engine-onnx](../packages/engine-onnx/README.md), with ONNX Runtime's kernels for the CPU and for WebGPU. Cases run
one after the other in one process, as in training: some kernels are wrong from their second use on.

${grid([
  ["says", "means"],
  ["right", "right; on a backend of tfjs, right in stock tfjs also"],
  ["repaired (wrong)", "right with Polytask, silently wrong in stock tfjs"],
  ["repaired (missing)", "right with Polytask, throws in stock tfjs"],
  ["wrong", "wrong with Polytask"],
  ["missing", "throws with Polytask"],
  [NOT_RUN, "not run"],
])}`;

/** The page: \`cells\` are columns, by name, of outcomes by the name of a case. */
export function render(cases, cells) {
  const groups = new Map();
  for (const { group, name } of cases) groups.set(group, [...(groups.get(group) ?? []), name]);
  const counts = columns.map((column) => new Map(outcomes(cells.get(column) ?? new Map())));
  const summary = kinds.map((kind) => [
    kind,
    ...columns.map((column, i) => (cells.has(column) ? String(counts[i].get(kind)) : NOT_RUN)),
  ]);
  const parts = [...groups].map(
    ([group, names]) =>
      `## ${group}\n\n${grid([
        ["case", ...columns],
        ...names.map((name) => [
          name,
          ...columns.map((column) => cells.get(column)?.get(`${group}: ${name}`) ?? NOT_RUN),
        ]),
      ])}`,
  );
  return [head(cases.length), grid([["cases", ...columns], ...summary]), ...parts].join("\n");
}

/** A table whose columns line up. */
function grid(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (cells, filler) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i], filler)).join(" | ")} |\n`;
  const [names, ...others] = rows.map((row) => line(row, " "));
  return (
    names +
    line(
      rows[0].map(() => ""),
      "-",
    ) +
    others.join("")
  );
}

/** What a page says, as \`render\` takes it: columns in which anything was run. */
export function readCells(page) {
  const cells = new Map();
  for (const part of page.split(/^## /m).slice(1)) {
    const [group, ...lines] = part.trim().split("\n");
    const [names, , ...rows] = lines
      .filter((line) => line.startsWith("|"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    for (const [name, ...found] of rows) {
      for (const [i, cell] of found.entries()) {
        if (cell === NOT_RUN) continue;
        const column = names[i + 1];
        if (!cells.has(column)) cells.set(column, new Map());
        cells.get(column).set(`${group}: ${name}`, cell);
      }
    }
  }
  return cells;
}

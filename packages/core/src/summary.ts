import type { Network } from "./network.ts";
import type { Summary } from "./trainer.ts";

/** Lists the trained variables by owner. */
export function summarize<Name extends string>(network: Network<Name>): Summary {
  const rows = [...network.parameters, ...network.extras].map(({ info, variable }) => ({
    name: info.name,
    shape: info.shape,
    size: variable.size,
    part: info.owner,
    owner: info.tasks.length > 1 ? "shared" : info.tasks[0],
    tasks: info.tasks,
  }));
  const sizeOwnedBy = (owner: string): number =>
    rows.reduce((sum, row) => sum + (row.owner === owner ? row.size : 0), 0);
  const summary = {
    rows,
    shared: sizeOwnedBy("shared"),
    own: Object.fromEntries(network.tasks.map((task) => [task, sizeOwnedBy(task)])),
    total: rows.reduce((sum, { size }) => sum + size, 0),
  };
  return { ...summary, toString: () => table(summary) };
}

function table({ rows, shared, own, total }: Omit<Summary, "toString">): string {
  const lines = [
    ["parameter", "shape", "size", "owner"],
    ...rows.map(({ name, shape, size, owner }) => [
      name,
      `[${shape.join(", ")}]`,
      `${size}`,
      owner,
    ]),
    ["shared", "", `${shared}`, ""],
    ...Object.entries(own).map(([task, size]) => [task, "", `${size}`, ""]),
    ["total", "", `${total}`, ""],
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

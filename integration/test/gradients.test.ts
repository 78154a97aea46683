/** docs/gradients.md is what the sweep finds: on cpu, on wasm, and with the compiled engine. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "polytask-gradients-"));
afterAll(() => rmSync(temporary, { recursive: true }));

const page = readFileSync(join(root, "docs/gradients.md"), "utf8");
const HEAD = "| case ";

/** The page with one cell of a row changed. */
function doctored(text: string, row: string, column: string, cell: string): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${row} `));
  const names = lines.findLast((line, i) => i < at && line.startsWith(HEAD)) ?? "";
  const place = names.split("|").findIndex((name) => name.trim() === column);
  const cells = lines[at].split("|");
  cells[place] = ` ${cell} `.padEnd(cells[place].length);
  lines[at] = cells.join("|");
  return lines.join("\n");
}

it("is current, and a wrong cell is found", { timeout: 300_000 }, () => {
  const copy = join(temporary, "gradients.md");
  const wrong = doctored(
    doctored(page, "max pool of negative numbers", "wasm", "right"),
    "softmax",
    "compiled",
    "missing",
  );
  expect(wrong).not.toBe(page);
  writeFileSync(copy, wrong);
  const args = [join(root, "scripts/gradients.mjs"), "--check", "--file", copy];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(stderr).toBe("");
  const lines = stdout.split("\n");
  expect(lines.filter((line) => line.includes("the file says"))).toEqual([
    "pooling: max pool of negative numbers, wasm: the file says right, found repaired (wrong)",
    "attention: softmax, compiled: the file says missing, found right",
  ]);
  // These and no other: all else on the page is as it should be.
  expect(lines.filter((line) => line.startsWith("- "))).toHaveLength(2);
  expect(stdout).not.toContain("right, but");
  expect(status).toBe(1);
});

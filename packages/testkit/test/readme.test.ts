import { readFile } from "node:fs/promises";
import * as testkit from "@polytask/testkit";
import { expect, test } from "vitest";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");

test("the suite in the README is one that runs", async () => {
  const example = await readFile(new URL("readme-example.test.ts", import.meta.url), "utf8");
  expect(readme).toContain(`\`\`\`ts no-run\n${example}\`\`\``);
});

test("the README names every export and every obligation", () => {
  const obligations = [
    ...testkit.surgeryObligations,
    ...testkit.weightingObligations,
    ...testkit.architectureObligations,
    ...testkit.regularizerObligations,
  ].map(({ law }) => law);
  const missing = [...Object.keys(testkit), ...obligations].filter(
    (name) => !new RegExp(`\\b${name}\\b`).test(readme),
  );
  expect(missing).toEqual([]);
});

test("the headings are those of every package", () => {
  const headings = [...readme.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([
    "What is this?",
    "When should I use this?",
    "Install",
    "Use",
    "API",
    "The method",
    "Laws",
    "Compatibility",
  ]);
});

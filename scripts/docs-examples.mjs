// Every documented example runs: the ```ts blocks of README.md files and docs/*.md are compiled against
// the built packages and run in plain Node.
//
//   ```ts          joins the earlier blocks of its file
//   ```ts fresh    begins a new program
//   ```ts no-run   is left out (a signature, a fragment)
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { root, run } from "./run.mjs";

const work = join(root, ".cache", "docs");

function documents() {
  const inside = (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).map((name) => join(root, folder, name))
      : [];
  const readmes = ["packages", "examples"].flatMap((kind) =>
    inside(kind).map((folder) => join(folder, "README.md")),
  );
  return [
    join(root, "README.md"),
    ...readmes,
    ...inside("docs").filter((name) => name.endsWith(".md")),
  ]
    .filter((name) => existsSync(name))
    .map((name) => ({ name: relative(root, name), text: readFileSync(name, "utf8") }));
}

/** The programs of a document. Blank lines stand for prose, so that line numbers in errors are the document's. */
export function programs(text) {
  const found = [];
  let lines;
  let inside = false;
  let skip = false;
  let imports = new Set();
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence === null) {
      // Two blocks of one program may both show an import.
      const again = line.startsWith("import ") && imports.has(line);
      if (inside && !skip && !again) lines[index] = line;
      if (inside && !skip && line.startsWith("import ")) imports.add(line);
      continue;
    }
    if (inside) {
      inside = false;
      continue;
    }
    inside = true;
    const words = fence[1].trim().split(/\s+/);
    skip = words[0] !== "ts" || words.includes("no-run");
    if (!skip && (lines === undefined || words.includes("fresh"))) {
      found.push((lines = []));
      imports = new Set();
    }
  }
  return found.map((program) => Array.from(program, (line) => line ?? "").join("\n"));
}

function compile() {
  const options = {
    composite: false,
    declaration: false,
    declarationMap: false,
    incremental: false,
    isolatedDeclarations: false,
    moduleDetection: "force",
    outDir: "out",
    rootDir: ".",
    sourceMap: false,
    types: ["node"],
  };
  const config = {
    extends: "../../tsconfig.base.json",
    compilerOptions: options,
    include: ["*.ts"],
  };
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify(config));
  run(join(root, "node_modules/.bin/tsc"), ["-p", ".", "--pretty", "false"], { cwd: work });
}

async function silently(action) {
  const { error, info, log, warn } = console;
  Object.assign(console, { error() {}, info() {}, log() {}, warn() {} });
  try {
    await action();
  } finally {
    Object.assign(console, { error, info, log, warn });
  }
}

export async function docsExamples() {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const all = documents().flatMap(({ name, text }) =>
    programs(text).map((source, index) => ({
      name,
      source,
      file: `${name.replaceAll(/[/\\]/g, "__")}.${String(index + 1)}`,
    })),
  );
  for (const { file, source } of all) writeFileSync(join(work, `${file}.ts`), source);
  if (all.length === 0) return { passed: 0, failed: 0 };
  try {
    compile();
  } catch (error) {
    console.log(
      `Documentation does not compile (file names stand for the .md files):\n${error.message}`,
    );
    return { passed: 0, failed: all.length };
  }
  let failed = 0;
  for (const { name, file } of all) {
    try {
      await silently(() => import(pathToFileURL(join(work, "out", `${file}.js`)).href));
    } catch (error) {
      failed += 1;
      console.log(`The example in ${name} fails: ${error.stack}`);
    }
  }
  console.log(
    `Documentation: ${String(all.length - failed)} of ${String(all.length)} programs run`,
  );
  return { passed: all.length - failed, failed };
}

if (basename(process.argv[1]) === "docs-examples.mjs") {
  const { failed } = await docsExamples();
  process.exit(failed === 0 ? 0 : 1);
}

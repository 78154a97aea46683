// Every documented example runs: the ```ts blocks of README.md files and docs/*.md are compiled against
// the built packages and run in plain Node.
//
//   ```ts          joins the earlier blocks of its file
//   ```ts fresh    begins a new program
//   ```ts no-run   is left out (a signature, a fragment)
//
// node scripts/docs-examples.mjs packages/core/README.md runs those of one document.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMain, root, run } from "./run.mjs";

const work = join(root, ".cache", "docs");

function documents() {
  const inside = (folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).map((name) => join(root, folder, name))
      : [];
  const readmes = ["packages", "examples"].flatMap((kind) =>
    inside(kind).map((folder) => join(folder, "README.md")),
  );
  const docs = inside("docs").filter((name) => name.endsWith(".md"));
  return [join(root, "README.md"), ...readmes, ...docs].filter((name) => existsSync(name));
}

/** The programs of a document. Blank lines stand for prose, so that line numbers in errors are the document's. */
function programs(text) {
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
    inlineSourceMap: true,
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

export async function docsExamples(files = documents()) {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const all = files.flatMap((path) => {
    const name = relative(root, path);
    return programs(readFileSync(path, "utf8")).map((source, index) => ({
      name,
      source,
      file: `${name.replaceAll(/[^\w-]+/g, "_")}_${String(index + 1)}`,
    }));
  });
  for (const { file, source } of all) writeFileSync(join(work, `${file}.ts`), source);
  if (all.length === 0) return { passed: 0, failed: 0 };
  try {
    compile();
  } catch (error) {
    console.log(
      `Documentation does not compile (line numbers are those of the .md file):\n${error.message}`,
    );
    return { passed: 0, failed: all.length };
  }
  // Errors then name the lines of the document.
  process.setSourceMapsEnabled(true);
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

if (isMain(import.meta)) {
  const named = process.argv.slice(2).map((name) => resolve(name));
  const { failed } = await docsExamples(named.length > 0 ? named : documents());
  process.exit(failed === 0 ? 0 : 1);
}

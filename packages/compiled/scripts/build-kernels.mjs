// Compiles assembly/ and embeds the module in src/kernels/binary.ts, so that nothing has to be loaded at run time.
// `--check` writes nothing and fails when the file is not what assembly/ compiles to.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { main } from "assemblyscript/asc";

const folder = fileURLToPath(new URL("..", import.meta.url));
const target = `${folder}/src/kernels/binary.ts`;

let binary;
const { error, stderr } = await main(
  [
    ..."assembly/index.ts --outFile module.wasm --runtime stub --importMemory --noAssert".split(
      " ",
    ),
    ..."-O3 --enable simd --use abort=".split(" "),
    ...["--baseDir", folder],
  ],
  {
    writeFile: (name, contents) => {
      if (name === "module.wasm") binary = contents;
    },
  },
);
if (error) throw new Error(`${stderr}`, { cause: error });

const encoded = Buffer.from(binary).toString("base64");
const text = `// Made by scripts/build-kernels.mjs from assembly/: ${binary.length} bytes of WebAssembly in base64.
export const binary =
  "${encoded}";
`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/kernels/binary.ts is not what assembly/ compiles to: npm run build:kernels");
  process.exitCode = 1;
}

import tseslint from "typescript-eslint";

const tfjs = "@tensorflow/tfjs";
const core = "@polytask/core";
const blocks = "@polytask/blocks";
const graph = "@polytask/graph";
const compiled = "@polytask/compiled";
const protobuf = "@bufbuild/protobuf";

/** What the sources of a package may import at run time, by folder. */
const mayImport = [
  ["core", [tfjs, "pure-rand"]],
  ["testkit", [core, tfjs, "vitest", "fast-check"]],
  ["arch-*", [core, blocks, tfjs]],
  ["{weighting,surgery,regularizer}-*", [core, tfjs]],
  ["{blocks,optimizers}", [core, tfjs]],
  ["features", [core, blocks, tfjs]],
  ["metrics", [core]],
  ["graph", [core, tfjs]],
  ["compiled", [core, graph, tfjs]],
  ["engine-onnx", [core, graph, compiled, tfjs, "onnxruntime-node", protobuf, "node:*"]],
  [
    "engine-tensorflow",
    [core, graph, compiled, "@polytask/backend", tfjs, "koffi", protobuf, "node:*"],
  ],
  ["observers", [core, "cli-progress", "node:*"]],
  ["backend", [tfjs, "@tensorflow/tfjs-backend-wasm", "yauzl", "node:*"]],
];
/** Dependency injection lives in one file. */
const scope = ["packages/core/src/scope.ts", [tfjs, "pure-rand", "tsyringe", "reflect-metadata"]];

function importRule(files, allowed) {
  const names = allowed.map((name) => name.replaceAll("*", "[^/]+")).join("|");
  const rule = {
    regex: `^(?!\\.{1,2}/)(?!(?:${names})(?:/|$))`,
    message: `Allowed here: ${allowed.join(", ")}, and the package's own files.`,
  };
  return { files: [files], rules: { "no-restricted-imports": ["error", { patterns: [rule] }] } };
}

export default tseslint.config(
  {
    ignores: ["**/dist/**", "**/.cache/**", "**/.turbo/**", "**/coverage/**", "**/*.config.ts"],
  },
  {
    files: [
      "{packages,examples}/*/{src,test}/**/*.ts",
      "integration/test/**/*.ts",
      "bench/{src,test}/**/*.ts",
    ],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: "tsconfig.lint.json", tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "no-restricted-exports": [
        "error",
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Draw from a named stream of the scope." },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "MemberExpression[property.name=/^(dataSync|arraySync|bytesSync)$/]",
          message: "Synchronous reads stall GPU backends: await data() or array().",
        },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Indexed access is typed as present (no `!` in numeric loops), and callers may be plain
      // JavaScript: checks that the types call needless are wanted.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // `{}` is a `{ [N in Name]?: V }` for every Name, but not a Partial<Record<Name, V>>.
      "@typescript-eslint/consistent-indexed-object-style": "off",
      // `mmoe<Name extends string>(): ArchitecturePlugin<Name>` learns the task names where it is used.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // Contracts ask for promises of code that may have nothing to await, and let the rest be
      // synchronous: `void | Promise<void>`.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      // It asks for the `!` that no-non-null-assertion forbids.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      // tfjs types what kernels and layers hand out as less than the tensor it is.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
    },
  },
  mayImport.map(([folder, allowed]) => importRule(`packages/${folder}/src/**/*.ts`, allowed)),
  importRule(...scope),
);

// `.ci/backends`: what is promised of each backend, on every backend that this machine can be given.
//
//   node scripts/backends.mjs [BACKEND ...]     default: wasm compiled tensorflow engine-tensorflow webgpu
//
// A backend that cannot be had is SKIPPED, with the reason; POLYTASK_REQUIRE_BACKENDS makes that a failure.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nodeBinary, noBinary } from "./node-binary.mjs";
import { prepareTensorflow, prepareWebgpu, tensorflowFolder } from "./backends/prepare.mjs";
import { packages, root, tell } from "./run.mjs";

const node = (script, ...args) => ({
  command: process.execPath,
  args: [join(root, script), ...args],
});
const vitestWith = (env, folder, ...args) => ({
  command: join(root, "node_modules/.bin/vitest"),
  args: ["run", "--pool=forks", ...args],
  cwd: join(root, folder),
  env,
});
const vitest = (folder, backend, ...args) =>
  vitestWith({ POLYTASK_TEST_BACKEND: backend }, folder, ...args);

const doctor = (backend) => ["doctor", node("scripts/backends/doctor.mjs", backend)];
const sweep = (backend) => [
  "gradient sweep",
  node("scripts/gradients.mjs", "--backends", backend, "--check"),
];
const steps = (backend) => [
  "steps of every technique",
  vitest("integration", backend, "test/on-backend.test.ts"),
];

/** The whole suites of every technique, and of the blocks they are made of. */
const suites = (backend) =>
  packages()
    .map(({ folder }) => folder.split("/").at(-1))
    .filter((name) =>
      /^(arch|weighting|surgery|regularizer)-|^(blocks|core|optimizers)$/.test(name),
    )
    .map((name) => [`suite of ${name}`, vitest(`packages/${name}`, backend)]);

const adult = join(process.env.POLYTASK_DATA ?? join(root, "../shared/data"), "adult");
const few = ["--seeds", "1", "--steps", "3"];
const exampleArgs = {
  quickstart: few,
  synthetic: few,
  toy: ["--steps", "3"],
  "host-container": [],
  ...(existsSync(adult) && { adult: [...few, "--data", adult] }),
};
const examples = (choice, { program = process.execPath, env } = {}) =>
  Object.entries(exampleArgs).map(([name, args]) => [
    `example ${[name, ...choice.slice(1)].join(", ")}`,
    {
      command: program,
      args: [join(root, "examples", name, "dist/main.js"), ...args, ...choice],
      env,
      // Three steps of training miss the bars that a whole run is held to.
      codes: name === "adult" ? [0, 1] : [0],
    },
  ]);
const on = (backend) => ["--backend", backend];

/** The same program on other versions of Node: tfjs-node needs a repair on some, koffi has a binary for each. */
const versions = (choice, env) =>
  noBinary === undefined
    ? [22, 24].map((major) => {
        const [[title, example]] = examples(choice, { program: nodeBinary(major), env });
        return [`${title}, on Node ${major}`, example];
      })
    : [];

/** The suites that hold a compiled engine against the eager one, and a thousand steps. */
function engineTensorflow() {
  const env = { POLYTASK_TENSORFLOW: tensorflowFolder() };
  const held = (engine, ...args) =>
    vitestWith({ ...env, POLYTASK_TEST_ENGINE: engine }, "integration", ...args);
  const choice = (engine) => ["--engine", engine];
  return [
    ["suite of engine-tensorflow", vitestWith(env, "packages/engine-tensorflow")],
    ...["engines", "conformance", "combinations", "lean"].map((name) => [
      `${name} of integration`,
      held("tensorflow", `test/${name}.test.ts`),
    ]),
    [
      "engines of integration, through tfjs-node",
      vitestWith(
        { POLYTASK_TEST_BACKEND: "tensorflow", POLYTASK_TEST_ENGINE: "tensorflow-tfjs-node" },
        "integration",
        "test/engines.test.ts",
      ),
    ],
    // One architecture in four: XLA compiles each combination for seconds.
    ["engines of integration, XLA", held("tensorflow-xla", "test/engines.test.ts", "-t", "MMoE")],
    ...["tensorflow-memory", "export-saved-model", "through-tfjs-node", "tensorflow-signals"].map(
      (name) => [`${name} of integration`, vitestWith(env, "integration", `test/${name}.test.ts`)],
    ),
    [
      "test of a GPU, on the CPU",
      {
        ...node(
          "packages/engine-tensorflow/scripts/gpu-test.mjs",
          ...["--device", "cpu", "--seconds", "0.2"],
          ...["--json", join(root, ".cache", "gpu-test.json")],
        ),
        env,
      },
    ],
    ...examples(choice("tensorflow"), { env }),
    ...examples(choice("tensorflow-xla"), { env }).slice(0, 1),
    ...versions(choice("tensorflow"), env),
  ];
}

const plans = {
  wasm: {
    checks: () => [
      doctor("wasm"),
      sweep("cpu,wasm"),
      ...suites("wasm"),
      steps("wasm"),
      ...examples(on("wasm")),
    ],
  },
  compiled: { checks: () => [sweep("compiled"), ...examples([])] },
  tensorflow: {
    prepare: prepareTensorflow,
    checks: () => [
      doctor("tensorflow"),
      sweep("tensorflow"),
      ...suites("tensorflow"),
      steps("tensorflow"),
      ...examples(on("tensorflow")),
      ...versions(on("tensorflow")),
      [
        "faults of real libraries",
        node(
          "packages/backend/test/real-tensorflow.mjs",
          "--from",
          process.env.POLYTASK_TENSORFLOW,
        ),
      ],
    ],
  },
  "engine-tensorflow": { prepare: prepareTensorflow, checks: engineTensorflow },
  webgpu: {
    prepare: prepareWebgpu,
    checks: () => [
      doctor("webgpu"),
      sweep("webgpu,compiled webgpu"),
      ["ops of engine-onnx on webgpu", vitestWith({}, "packages/engine-onnx", "test/webgpu")],
      ["providers of integration", vitestWith({}, "integration", "test/providers.test.ts")],
      steps("webgpu"),
      ...examples(on("webgpu")),
      ["GPU bundle", node("scripts/bundle/test.mjs")],
    ],
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in plans));
if (unknown.length > 0) {
  console.log(
    `There is no plan for ${unknown.join(", ")}; there are ${Object.keys(plans).join(", ")}.`,
  );
  process.exit(2);
}
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const backend of asked.length > 0 ? asked : Object.keys(plans)) {
  const { prepare, checks } = plans[backend];
  const reason = await prepare?.();
  if (reason) {
    console.log(`SKIPPED ${backend}: ${reason}`);
    counts[process.env.POLYTASK_REQUIRE_BACKENDS ? "failed" : "skipped"]++;
    continue;
  }
  for (const [title, check] of checks()) await perform(`${backend}: ${title}`, check);
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;

async function perform(title, { command, args, cwd, env, codes = [0] }) {
  const start = performance.now();
  const { code, output } = await tell(command, args, { cwd, env });
  const good = codes.includes(code);
  counts[good ? "passed" : "failed"]++;
  if (!good) console.log(output);
  console.log(
    `${good ? "ok    " : "FAILED"} ${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
}

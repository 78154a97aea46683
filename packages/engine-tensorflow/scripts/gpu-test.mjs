// What the engine promises of a GPU, on a machine that has one: node packages/engine-tensorflow/scripts/gpu-test.mjs
//
//   --device gpu|cpu   default gpu; cpu proves the script where there is none
//   --json FILE        default gpu-test.json
//   --seconds N        of every timing; default 3
//
// Needs the built repository, and `pip install "tensorflow[and-cuda]"` or POLYTASK_TENSORFLOW. Ends with 0 where all is
// well, 1 where something is not, 2 for wrong arguments, 3 without a GPU.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ask } from "./gpu-test/ask.mjs";
import { look, reasons } from "./gpu-test/look.mjs";

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "gpu" },
    json: { type: "string", default: "gpu-test.json" },
    seconds: { type: "string", default: "3" },
  },
});
const { device, json } = values;
const seconds = Number(values.seconds);
if (!["gpu", "cpu"].includes(device) || !(seconds > 0)) {
  console.error('--device is "gpu" or "cpu", --seconds a number above 0');
  process.exit(2);
}

/** Float32 on both sides, in sums of another order. */
const GRADIENTS = 1e-5;
/** Products on TensorFloat-32 units have ten bits of mantissa; that is what training uses where nobody forbids it. */
const GRADIENTS_TF32 = 1e-2;
/** Forbids them: to NVIDIA's libraries, and to kernels that XLA writes itself. */
const NO_TF32 = { NVIDIA_TF32_OVERRIDE: "0", XLA_FLAGS: "--xla_gpu_enable_triton_gemm=false" };
const LIMIT_MIB = 30;

const result = { date: new Date().toISOString(), node: process.versions.node, device, parts: [] };
result.machine = await look();
console.log(`TensorFlow ${result.machine.version}: ${result.machine.devices.join(", ")}`);
if (device === "gpu" && !result.machine.devices.includes("GPU")) {
  result.reasons = reasons(result.machine);
  console.error(["TensorFlow sees no GPU.", ...result.reasons].join("\n  "));
  finish(3);
}

for (const xla of [false, true]) {
  for (const [model, memory] of [
    ["mmoe-sum", "stored"],
    ["mmoe-pcgrad", "stored"],
    ["shared-pcgrad", "stored"],
    ["mmoe-pcgrad", "lean"],
  ]) {
    const job = { part: "gradients", device, xla, model, memory, batch: 32 };
    await hold(job, NO_TF32, ({ losses, gradients }) => Math.max(losses, gradients) < GRADIENTS);
    if (device === "gpu") {
      await hold(
        { ...job, tf32: true },
        {},
        ({ losses, gradients }) => Math.max(losses, gradients) < GRADIENTS_TF32,
      );
    }
  }
  await hold(
    { part: "flat", device, xla, model: "mmoe-pcgrad", batch: 256, steps: 200 },
    {},
    ({ hostMiB, deviceMiB }) => hostMiB < LIMIT_MIB && !(deviceMiB >= LIMIT_MIB),
  );
}
for (const model of ["mmoe-sum", "mmoe-pcgrad"]) {
  for (const batch of [256, 2048]) {
    for (const xla of [false, true]) {
      await hold({ part: "times", device, xla, model, batch, seconds }, {}, () => true);
    }
  }
}
finish(result.parts.every(({ ok }) => ok) ? 0 : 1);

/** Runs a part in a process of its own, keeps what it found, and says whether it is good enough. */
async function hold(job, env, good) {
  const found = await ask(job, env);
  const ok = found.error === undefined && good(found);
  result.parts.push({ ...job, ...found, ok });
  const { part, model, batch, xla, memory, tf32 } = job;
  const how = [xla && "XLA", memory === "lean" && memory, tf32 && "TensorFloat-32"].filter(Boolean);
  const name = [`${part} ${model}@${batch}`, ...how].join(", ");
  console.log(`${ok ? "ok    " : "FAILED"} ${name}: ${textOf(found)}`);
}

function textOf(found) {
  const short = (value) => (typeof value === "number" ? Number(value.toPrecision(3)) : value);
  return Object.entries(found)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(", ");
}

function finish(code) {
  writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`${json} has it all.`);
  process.exit(code);
}

// The step mmoe-sum in jax-js, JavaScript's peer, after a proof against ours: node bench/jax-js/step.mjs [SECONDS]
//
// Times are those of the Node that runs it; a newer one runs Wasm faster. `npm run build` first.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCase, nameOf } from "../dist/cases.js";
import { differenceOf, summarise } from "../dist/check.js";
import { start } from "../dist/implementations.js";
import { makeState, writeState } from "../dist/state.js";
import { loadJax, VERSION } from "./install.mjs";
import { correctionsAt, makeModel, trained } from "./model.mjs";

/** Its exp and log are approximations, good to 1e-5. */
const TOLERANCE = 1e-4;
const WARM_UP = 10;
const seconds = Number(process.argv[2] ?? 5);

const jax = await loadJax();
const { numpy: np } = jax;
const { gradients, step } = makeModel(jax);
console.log(`jax-js ${VERSION}, wasm on one thread, Node ${process.versions.node}`);
for (const batch of [256, 2048]) {
  const c = makeCase("mmoe-sum", batch);
  const state = makeState(c);
  const apart = differenceOf(await check(state), await ours(c, state));
  if (!(Math.max(apart.losses, apart.gradients) < TOLERANCE)) {
    throw new Error(`${nameOf(c)}: not our step: ${JSON.stringify(apart)}. No time was taken.`);
  }
  const { first, times } = await measure(state);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(2);
  console.log(
    `${nameOf(c)}: ${at(0.5)} ms median, ${at(0.1)} ms first tenth, of ${times.length} steps; ` +
      `${first.toFixed(0)} ms for the first; losses to ${apart.losses.toExponential(1)}, ` +
      `gradients to ${apart.gradients.toExponential(1)} of their norm`,
  );
}

/** Losses and gradients of one step. */
async function check(state) {
  const [[loss, each], found] = gradients(parametersOf(state), array(state.x), array(state.y));
  loss.dispose();
  const summaries = trained.map(async (name) => [name, summarise(await found[name].data())]);
  return {
    losses: [...(await each.data())],
    gradients: Object.fromEntries(await Promise.all(summaries)),
  };
}

/** The same of `polytask-onnx`. */
async function ours(c, state) {
  const folder = await mkdtemp(join(tmpdir(), "polytask-jax-js-"));
  try {
    const prefix = join(folder, "state");
    await writeState(prefix, state);
    const child = await start("polytask-onnx", c, { threads: 1, prefix });
    const found = JSON.parse(await child.ask("check"));
    child.stop();
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds of the first step, which compiles, and of as many after a warm-up as the seconds allow. */
async function measure(state) {
  const [x, y] = [array(state.x), array(state.y)];
  let parameters = parametersOf(state);
  let [m, v] = [zerosLike(state), zerosLike(state)];
  let t = 0;
  const once = async () => {
    const began = performance.now();
    const corrections = np.array(correctionsAt(++t));
    const [loss, ...after] = step(parameters, m, v, x.ref, y.ref, corrections);
    [parameters, m, v] = after;
    await jax.blockUntilReady(parameters);
    await loss.data();
    return performance.now() - began;
  };
  const first = await once();
  for (let i = 0; i < WARM_UP; i++) await once();
  const times = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    times.push(await once());
  }
  return { first, times };
}

function array({ shape, values }) {
  return np.array(Float32Array.from(values)).reshape(shape);
}

function parametersOf(state) {
  return Object.fromEntries(trained.map((name) => [name, array(state[name])]));
}

function zerosLike(state) {
  return Object.fromEntries(trained.map((name) => [name, np.zeros(state[name].shape)]));
}

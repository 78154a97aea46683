// How much faster products are on wasm with the repairs: node bench/products.mjs
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { useBackend } from "@polytask/backend";

const cases = [
  ["512 x 512, nothing transposed", [512, 512], [512, 512], false, false],
  ["512 x 512, a transposed", [512, 512], [512, 512], true, false],
  ["512 x 512, b transposed", [512, 512], [512, 512], false, true],
  ["6 experts, 512 x 64 by 64 x 32", [6, 512, 64], [6, 64, 32], false, false],
  ["64 heads, 32 x 16 by 16 x 32", [64, 32, 16], [64, 32, 16], false, true],
];

/** Milliseconds of the fastest of some runs. */
async function time([, left, right, transposeA, transposeB]) {
  const a = tf.randomNormal(left, 0, 1, "float32", 1);
  const b = tf.randomNormal(right, 0, 1, "float32", 2);
  let best = Infinity;
  for (let run = 0; run < 30; run++) {
    const start = performance.now();
    const y = tf.matMul(a, b, transposeA, transposeB);
    await y.data();
    best = Math.min(best, performance.now() - start);
    y.dispose();
  }
  tf.dispose([a, b]);
  return best;
}

async function times() {
  const all = [];
  for (const one of cases) all.push(await time(one));
  return all;
}

await tf.setBackend("wasm");
const shipped = await times();
await useBackend("wasm");
const repaired = await times();
cases.forEach(([name], i) => {
  const ratio = (shipped[i] / repaired[i]).toFixed(1);
  console.log(
    `${name.padEnd(32)} ${shipped[i].toFixed(2)} ms -> ${repaired[i].toFixed(2)} ms, ${ratio} times`,
  );
});

/** An application with its own tsyringe container trains with Polytask: what it binds is what the trainers use. */
import { parseArgs } from "node:util";
import { CONTRACT, type ObserverPlugin } from "@polytask/core";
import { chooseEngine, engineOptions } from "@polytask/example-engine";
import { openApplication } from "./application.ts";
import { bookkeeping } from "./bookkeeping.ts";
import { type HostTask, makeTrainer, pairs, weightsOf } from "./train.ts";

const { values } = parseArgs({ options: engineOptions });
const { engine, words } = await chooseEngine<HostTask>(values);
console.log(words);

const { container, log, streams, ledgers } = openApplication();

console.log("Two trainers from one container");
const a = await makeTrainer(container, [bookkeeping("A")], engine);
const b = await makeTrainer(container, [bookkeeping("B1"), bookkeeping("B2")], engine);
const [startA, startB] = [await weightsOf(a), await weightsOf(b)];
console.log(
  `  started alike, from the application's random source: ${String(same(startA, startB))}`,
);
await a.fit(pairs, { epochs: 3 });
console.log(
  `  after training A, B stands where it stood: ${String(same(await weightsOf(b), startB))}`,
);
await b.fit(pairs, { epochs: 1 });
console.log(`  ${streams.length} streams drawn, from "${streams[0]}" to "${streams.at(-1)}"`);

console.log("\nA ledger each, timed by the application's clock");
for (const [index, lines] of ledgers.entries()) {
  for (const line of lines) console.log(`  ledger ${index}  ${line}`);
}

await b.dispose();
await a.dispose();
console.log("\nThe application's log: what was made last is disposed first");
const logged = log.length;
for (const line of log) console.log(`  ${line}`);

console.log("\nThe third part throws while it is made");
const broken: ObserverPlugin<HostTask> = {
  kind: "observer",
  name: "observer-broken",
  contract: CONTRACT,
  create: () => {
    throw new Error("no room left");
  },
};
await makeTrainer(container, [bookkeeping("first"), bookkeeping("second"), broken], engine).catch(
  (error: unknown) => {
    console.log(`  ${String(error)}`);
  },
);
for (const line of log.slice(logged)) console.log(`  ${line}`);

function same(x: readonly number[], y: readonly number[]): boolean {
  return x.length === y.length && x.every((value, i) => value === y[i]);
}

/**
 * The gradients of all cases of the testkit by one implementation of ours: started by `sweep`, with the implementation and
 * its threads as arguments. It sends them case by case: a driver may end the process at any of them.
 */
import { caseName, engineGradients, gradientCases } from "@polytask/testkit/gradients";
import { makeEngine } from "../engines.ts";

const [implementation, threads] = process.argv.slice(2);
const { engine } = (await makeEngine<"objective">(implementation, Number(threads))).parts;
const gradients = engineGradients(engine && (() => engine));
for (const of of gradientCases) {
  const found = await gradients(of).catch((error: unknown) => (error as Error).message);
  await new Promise((sent) => process.send?.([caseName(of), found], sent));
}
// A backend may hold the process open.
process.exit(0);

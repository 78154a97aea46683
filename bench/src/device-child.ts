/**
 * Starts an implementation of ours as far as its device: node device-child.js IMPLEMENTATION
 *
 * Prints one line of JSON, a `DeviceFinding`.
 */
import { sharedBottom } from "@polytask/arch-shared-bottom";
import { binary, createTrainer, input } from "@polytask/core";
import { adam } from "@polytask/optimizers";
import type { DeviceFinding } from "./devices.ts";
import { makeEngine } from "./engines.ts";

async function find(implementation: string): Promise<DeviceFinding> {
  try {
    const { parts, device } = await makeEngine(implementation, 1);
    const trainer = await createTrainer<string>(
      { any: binary() },
      {
        encoder: input([1]),
        architecture: sharedBottom({ hidden: [1] }),
        optimizer: adam(),
        ...parts,
      },
    );
    await trainer.dispose();
    return { name: device ?? "an adapter that ONNX Runtime does not name" };
  } catch (error) {
    const [first] = (error as Error).message.split(/\.\s/);
    return { obstacle: first };
  }
}

console.log(JSON.stringify(await find(process.argv[2])));
// Thread pools may hold the process.
process.exit(0);

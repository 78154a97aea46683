import { type Devices, findDevices } from "./devices.ts";
import { findPeers, type Implementation, obstacle } from "./implementations.ts";
import { describeMachine, type Machine, machineText } from "./machine.ts";
import type { Options } from "./options.ts";

/** Says where a benchmark runs and who cannot take part. */
export async function begin({ threads, implementations }: Options): Promise<{
  readonly machine: Machine;
  readonly available: readonly Implementation[];
  readonly devices: Devices;
}> {
  const peers = await findPeers();
  const machine = await describeMachine(threads, peers);
  console.log(machineText(machine));
  console.log(`peers/peers.py SHA-256 ${machine.peersSha256}`);
  const devices = await findDevices(implementations.filter((name) => !obstacle(name, peers)));
  const reasons = new Map(
    implementations.map((name) => [name, obstacle(name, peers) ?? devices.get(name)?.obstacle]),
  );
  for (const reason of new Set([...reasons.values()].filter((text) => text !== undefined))) {
    const names = implementations.filter((name) => reasons.get(name) === reason);
    console.log(`Skipped: ${names.join(", ")}; ${reason}.`);
  }
  return { machine, available: implementations.filter((name) => !reasons.get(name)), devices };
}

import { type Devices, findDevices } from "../devices.ts";
import {
  findPeers,
  type Implementation,
  obstacle,
  type PeerVersions,
  VARIABLE,
} from "../implementations.ts";
import { findGpus, type Gpu } from "./nvidia.ts";

/** What there is on this machine to run and to compare. */
export interface Subjects {
  readonly gpus: readonly Gpu[] | string;
  readonly devices: Devices;
  readonly peers: PeerVersions | string;
  /** Ours that have an adapter. */
  readonly ours: readonly Implementation[];
  /** PyTorch's that have the GPU. */
  readonly theirs: readonly Implementation[];
}

export const OURS: readonly Implementation[] = ["polytask-webgpu", "tfjs-webgpu"];
export const THEIRS: readonly Implementation[] = ["torch-libmtl-cuda", "torch-batched-cuda"];

export async function findSubjects(): Promise<Subjects> {
  process.env[VARIABLE] ??= "python3";
  const gpus = await findGpus();
  const peers = await findPeers();
  const able = THEIRS.filter((name) => !obstacle(name, peers));
  const devices = await findDevices([...OURS, ...able]);
  const runs = (name: Implementation): boolean => devices.get(name)?.name !== undefined;
  return { gpus, devices, peers, ours: OURS.filter(runs), theirs: able.filter(runs) };
}

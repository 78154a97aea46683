import { type Implementation, obstacle } from "../implementations.ts";
import { alignColumns } from "../table.ts";
import { OURS, type Subjects, THEIRS } from "./subjects.ts";

/** Says what this machine has, and what is missing for the rest. */
export function doctor(subjects: Subjects): void {
  const { gpus, devices, peers, ours } = subjects;
  const found = (name: Implementation): string => {
    const why = obstacle(name, peers) ?? devices.get(name)?.obstacle;
    return why === undefined ? (devices.get(name)?.name ?? "") : `not here: ${why}`;
  };
  const listed = (name: Implementation): readonly string[] => [`  ${name}`, found(name)];
  const gpuText =
    typeof gpus === "string"
      ? `none: ${gpus}`
      : gpus.map(({ name, driver, memory }) => `${name}, driver ${driver}, ${memory}`).join("; ");
  console.log(`Node ${process.versions.node}, ${process.platform} ${process.arch}`);
  console.log(`NVIDIA GPUs: ${gpuText}`);
  console.log(alignLeft([...OURS, ...THEIRS].map(listed)));
  if (ours.length === 0) console.error(`No adapter. ${remedyFor(gpus)}`);
}

/** Where a driver computes but draws nothing, it lacks its Vulkan part: a container's usual state. */
export const remedyFor = (gpus: Subjects["gpus"]): string =>
  typeof gpus === "string"
    ? "WebGPU needs a GPU with a Vulkan driver; nvidia-smi found none. Run this on a machine with NVIDIA's driver, or with --software on a software adapter."
    : "The GPU is there, its Vulkan driver is not. In a container, start it with NVIDIA_DRIVER_CAPABILITIES=all (or with graphics among them); elsewhere, install the driver with its OpenGL and Vulkan libraries (libGLX_nvidia.so.0).";

/** Two columns, both to the left. */
const alignLeft = (rows: readonly (readonly string[])[]): string =>
  alignColumns(rows.map(([name]) => [name]))
    .split("\n")
    .map((name, i) => `${name}  ${rows[i][1]}`)
    .join("\n");

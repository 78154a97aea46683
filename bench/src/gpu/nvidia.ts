import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What NVIDIA's driver says of a GPU. */
export interface Gpu {
  readonly name: string;
  readonly driver: string;
  readonly memory: string;
}

/** The GPUs that nvidia-smi lists; a text says why there are none. */
export async function findGpus(): Promise<readonly Gpu[] | string> {
  try {
    const { stdout } = await promisify(execFile)(
      "nvidia-smi",
      ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
      { timeout: 30_000 },
    );
    return readGpus(stdout);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: unknown };
    return code === "ENOENT" ? "nvidia-smi is not there" : message.split("\n")[0];
  }
}

/** A GPU a line: "NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB". */
export const readGpus = (csv: string): readonly Gpu[] =>
  csv
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name, driver, memory] = line.split(",").map((field) => field.trim());
      return { name, driver, memory };
    });

import { join } from "node:path";

/** What a machine has of what WebGPU needs. */
export interface Found {
  /** The dynamic linker's answer by library: "" where it loads. */
  readonly answers: Readonly<Record<string, string>>;
  /** Files that tell Vulkan's loader of a driver by NVIDIA. */
  readonly icds: readonly string[];
  /** A folder of the driver's that the linker does not look into. */
  readonly driverFolder?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What to add before the loader and the driver find each other. */
export interface Additions {
  readonly folders: readonly string[];
  /** The driver's library, where no file tells the loader of it. */
  readonly driver?: string;
  /** One sentence for each. */
  readonly notes: readonly string[];
}

const LOADER = "libvulkan.so.1";
const EGL = "libEGL.so.1";
const X11 = ["libX11.so.6", "libXext.so.6"] as const;
/** NVIDIA's Vulkan driver, with X11 and without. */
const DRIVERS = ["libGLX_nvidia.so.0", "libEGL_nvidia.so.0"] as const;
export const LIBRARIES: readonly string[] = [LOADER, EGL, ...X11, ...DRIVERS];

/** Takes what the machine has, and the bundle's own for what it lacks. */
export function additionsFor(found: Found, home: string): Additions {
  const { answers, icds, driverFolder, env } = found;
  const folders: string[] = [];
  const notes: string[] = [];
  if (driverFolder !== undefined) {
    folders.push(driverFolder);
    notes.push(`the driver is in ${driverFolder}`);
  }
  if (answers[LOADER] !== "") {
    folders.push(join(home, "lib/vulkan"));
    notes.push(`no ${LOADER} on this machine: the bundle's`);
  }
  if (answers[EGL] !== "") {
    folders.push(join(home, "lib/egl"));
    notes.push(
      `no ${EGL} on this machine, without which ${DRIVERS[0]} offers nothing: the bundle's`,
    );
  }
  if (X11.some((name) => answers[name] !== "")) {
    folders.push(join(home, "lib/x11"));
    notes.push(`no ${X11[0]} on this machine, which ${DRIVERS[0]} needs: the bundle's`);
  }
  const driver = DRIVERS.find((name) => driverFolder !== undefined || isThere(name, answers[name]));
  const told = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"] ?? icds[0];
  if (driver === undefined || told !== undefined) return { folders, notes };
  notes.push(`nothing tells Vulkan's loader of ${driver}: a file of the bundle does`);
  return { folders, driver, notes };
}

/** A driver is there, too, where it misses another library. */
const isThere = (name: string, answer: string): boolean => !answer.startsWith(`${name}: cannot`);

/** What a loader of Vulkan reads to find a driver. */
export const icdOf = (library: string): string =>
  JSON.stringify({
    file_format_version: "1.0.0",
    ICD: { library_path: library, api_version: "1.3.0" },
  });

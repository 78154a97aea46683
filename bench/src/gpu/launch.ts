/**
 * `run.sh` of the GPU bundle: finds a Vulkan loader and NVIDIA's driver for it, then starts `gpu` with the arguments.
 *
 * The dynamic linker reads its folders when a process starts, so this one only makes the environment of the next.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SOFTWARE } from "../devices.ts";
import { additionsFor, icdOf, LIBRARIES } from "./environment.ts";

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const home = fileURLToPath(new URL("../../../", import.meta.url));
const args = process.argv.slice(2);

const ICD_FOLDERS = [
  "/etc/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
];
/** Where some clusters mount the driver, beside the linker's own folders. */
const DRIVER_FOLDER = "/usr/local/nvidia/lib64";
/** Debian's chromium brings a driver that computes on the processors. */
const SOFTWARE_ICD = "/usr/lib/chromium/vk_swiftshader_icd.json";

const icds = ICD_FOLDERS.filter(existsSync).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.includes("nvidia"))
    .map((name) => join(folder, name)),
);
const { stdout } = spawnSync(process.execPath, [program("libraries.js"), ...LIBRARIES], {
  encoding: "utf8",
});
const { folders, driver, notes } = additionsFor(
  {
    answers: JSON.parse(stdout) as Record<string, string>,
    icds,
    ...(existsSync(join(DRIVER_FOLDER, "libGLX_nvidia.so.0")) && { driverFolder: DRIVER_FOLDER }),
    env: process.env,
  },
  home,
);
for (const note of notes) console.log(`Vulkan: ${note}`);

const own = mkdtempSync(join(tmpdir(), "polytask-gpu-"));
const env = { ...process.env };
// Some drivers complain without one.
env["XDG_RUNTIME_DIR"] ??= own;
if (folders.length > 0) {
  env["LD_LIBRARY_PATH"] = [...folders, env["LD_LIBRARY_PATH"] ?? []].flat().join(":");
}
if (driver !== undefined) useDriver(writeIcd(driver));
if (args.includes("--software")) {
  env[SOFTWARE] = "1";
  const told = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  if (told === undefined && existsSync(SOFTWARE_ICD)) useDriver(SOFTWARE_ICD);
}

const { status, signal } = spawnSync(process.execPath, [program("../main.js"), "gpu", ...args], {
  env,
  stdio: "inherit",
});
rmSync(own, { recursive: true });
if (signal !== null) console.error(`It was ended by ${signal}.`);
process.exit(status ?? 1);

/** The second name is that of loaders before 1.3.207. */
function useDriver(file: string): void {
  env["VK_DRIVER_FILES"] = file;
  env["VK_ICD_FILENAMES"] = file;
}

function writeIcd(library: string): string {
  const file = join(own, "nvidia_icd.json");
  writeFileSync(file, icdOf(library));
  return file;
}

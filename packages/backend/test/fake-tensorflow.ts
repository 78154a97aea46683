import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Installation } from "../src/tensorflow/installation.ts";
import { elf, type Contents } from "./elf-writer.ts";

export const CC = "libtensorflow_cc.so.2";
export const FRAMEWORK = "libtensorflow_framework.so.2";

/** A folder with an addon and two libraries of a few hundred bytes, linked like the real ones. */
export interface FakeTensorFlow {
  readonly folder: string;
  readonly installation: Installation;
  readonly addon: string;
  readonly cc: string;
  readonly framework: string;
  /** Writes the addon anew. */
  readonly link: (contents?: Contents) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export async function fakeTensorFlow(root?: string): Promise<FakeTensorFlow> {
  const folder = root ?? (await mkdtemp(join(tmpdir(), "polytask-tensorflow-")));
  const name = "@tensorflow/tfjs-node-gpu";
  const place = join(folder, "node_modules", name);
  const addon = join(place, "lib", "napi-v8", "tfjs_binding.node");
  const [cc, framework] = [CC, FRAMEWORK].map((file) => join(folder, "tensorflow", file));
  await mkdir(dirname(addon), { recursive: true });
  await mkdir(dirname(cc));
  await writeFile(join(place, "package.json"), JSON.stringify({ name, version: "4.22.0" }));
  await writeFile(cc, elf(ccContents));
  await writeFile(framework, elf(frameworkContents));
  const link = (contents?: Contents): Promise<void> =>
    writeFile(addon, elf({ ...addonContents, runpath: dirname(cc), ...contents }));
  await link();
  return {
    folder,
    installation: { name, folder: place, version: "4.22.0" },
    addon,
    cc,
    framework,
    link,
    remove: () => rm(folder, { recursive: true }),
  };
}

export const ccContents: Contents = {
  soname: CC,
  needed: [FRAMEWORK, "libc.so.6"],
  runpath: "$ORIGIN/",
  defines: ["TFE_NewContext", "TF_Version"],
};
export const frameworkContents: Contents = { soname: FRAMEWORK, defines: ["TF_NewStatus"] };
const addonContents: Contents = {
  needed: [CC, FRAMEWORK, "libc.so.6"],
  bindNow: true,
  calls: ["TFE_NewContext", "TF_NewStatus", "napi_create_object", "malloc"],
};

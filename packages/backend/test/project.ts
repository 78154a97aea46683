import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const require = createRequire(import.meta.url);
const found = (name: string): string => dirname(require.resolve(`${name}/package.json`));

/** A folder in which this package and tfjs are installed, for programs that run there in plain Node. */
export interface Project {
  readonly folder: string;
  /** Installs a package that this repository has. */
  readonly install: (name: string) => Promise<void>;
  /** Puts a package of our own making in the place of another. */
  readonly pretend: (name: string, source: string) => Promise<void>;
  /** Runs a program, and parses the last line it prints. */
  readonly outcome: (source: string) => Promise<unknown>;
  readonly remove: () => Promise<void>;
}

export async function makeProject(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "polytask-backend-"));
  const place = (name: string): string => join(folder, "node_modules", name);
  const here = fileURLToPath(new URL("..", import.meta.url));
  await mkdir(place("@polytask/backend"), { recursive: true });
  await cp(join(here, "dist"), place("@polytask/backend/dist"), { recursive: true });
  await cp(join(here, "package.json"), place("@polytask/backend/package.json"));
  const install = async (name: string): Promise<void> => {
    await mkdir(dirname(place(name)), { recursive: true });
    await symlink(found(name), place(name));
  };
  await install("@tensorflow/tfjs");
  return {
    folder,
    install,
    async pretend(name, source) {
      await mkdir(place(name), { recursive: true });
      const manifest = { name, version: "4.22.0", main: "index.js" };
      await writeFile(join(place(name), "package.json"), JSON.stringify(manifest));
      await writeFile(join(place(name), "index.js"), source);
    },
    async outcome(source) {
      await writeFile(join(folder, "program.mjs"), source);
      const run = promisify(execFile)(process.execPath, ["program.mjs"], { cwd: folder });
      const last = (await run).stdout.trim().split("\n").at(-1) ?? "";
      return JSON.parse(last) as unknown;
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

